# mypy: disable-error-code=type-arg
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Status(_message.Message):
    __slots__ = ("code", "status")
    CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    code: int
    status: str
    def __init__(self, code: _Optional[int] = ..., status: _Optional[str] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class Pair(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class RequestGet(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RequestGetResponse(_message.Message):
    __slots__ = ("status", "method", "path", "route", "parameters", "query", "headers", "remote_address", "tls_subject")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Header
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Header, _Mapping]] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TLS_SUBJECT_FIELD_NUMBER: _ClassVar[int]
    status: Status
    method: str
    path: str
    route: str
    parameters: _containers.ScalarMap[str, str]
    query: _containers.RepeatedCompositeFieldContainer[Pair]
    headers: _containers.MessageMap[str, Header]
    remote_address: str
    tls_subject: str
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ..., method: _Optional[str] = ..., path: _Optional[str] = ..., route: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., query: _Optional[_Iterable[_Union[Pair, _Mapping]]] = ..., headers: _Optional[_Mapping[str, Header]] = ..., remote_address: _Optional[str] = ..., tls_subject: _Optional[str] = ...) -> None: ...

class ResponseSet(_message.Message):
    __slots__ = ("code", "headers")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Header
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Header, _Mapping]] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    code: int
    headers: _containers.MessageMap[str, Header]
    def __init__(self, code: _Optional[int] = ..., headers: _Optional[_Mapping[str, Header]] = ...) -> None: ...

class ResponseSetResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: Status
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ...) -> None: ...

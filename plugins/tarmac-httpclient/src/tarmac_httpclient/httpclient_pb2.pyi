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
    values: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, values: _Optional[_Iterable[bytes]] = ...) -> None: ...

class HTTPClient(_message.Message):
    __slots__ = ("method", "headers", "url", "body", "insecure")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Header
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Header, _Mapping]] = ...) -> None: ...
    METHOD_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    INSECURE_FIELD_NUMBER: _ClassVar[int]
    method: bytes
    headers: _containers.MessageMap[str, Header]
    url: bytes
    body: bytes
    insecure: bool
    def __init__(self, method: _Optional[bytes] = ..., headers: _Optional[_Mapping[str, Header]] = ..., url: _Optional[bytes] = ..., body: _Optional[bytes] = ..., insecure: bool = ...) -> None: ...

class HTTPClientResponse(_message.Message):
    __slots__ = ("status", "code", "headers", "body", "truncated")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Header
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Header, _Mapping]] = ...) -> None: ...
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    status: Status
    code: int
    headers: _containers.MessageMap[str, Header]
    body: bytes
    truncated: bool
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ..., code: _Optional[int] = ..., headers: _Optional[_Mapping[str, Header]] = ..., body: _Optional[bytes] = ..., truncated: bool = ...) -> None: ...

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

class Value(_message.Message):
    __slots__ = ("boolean", "integer", "real", "text", "blob")
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    REAL_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BLOB_FIELD_NUMBER: _ClassVar[int]
    boolean: bool
    integer: int
    real: float
    text: str
    blob: bytes
    def __init__(self, boolean: bool = ..., integer: _Optional[int] = ..., real: _Optional[float] = ..., text: _Optional[str] = ..., blob: _Optional[bytes] = ...) -> None: ...

class SQLExec(_message.Message):
    __slots__ = ("query", "args")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    query: bytes
    args: _containers.RepeatedCompositeFieldContainer[Value]
    def __init__(self, query: _Optional[bytes] = ..., args: _Optional[_Iterable[_Union[Value, _Mapping]]] = ...) -> None: ...

class SQLExecResponse(_message.Message):
    __slots__ = ("status", "last_insert_id", "rows_affected")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LAST_INSERT_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_AFFECTED_FIELD_NUMBER: _ClassVar[int]
    status: Status
    last_insert_id: int
    rows_affected: int
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ..., last_insert_id: _Optional[int] = ..., rows_affected: _Optional[int] = ...) -> None: ...

class SQLQuery(_message.Message):
    __slots__ = ("query", "args")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    query: bytes
    args: _containers.RepeatedCompositeFieldContainer[Value]
    def __init__(self, query: _Optional[bytes] = ..., args: _Optional[_Iterable[_Union[Value, _Mapping]]] = ...) -> None: ...

class SQLQueryResponse(_message.Message):
    __slots__ = ("status", "columns", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: Status
    columns: _containers.RepeatedScalarFieldContainer[str]
    data: bytes
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ..., columns: _Optional[_Iterable[str]] = ..., data: _Optional[bytes] = ...) -> None: ...

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

class KVStoreGet(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    def __init__(self, key: _Optional[bytes] = ...) -> None: ...

class KVStoreGetResponse(_message.Message):
    __slots__ = ("status", "data")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    status: Status
    data: bytes
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class KVStoreSet(_message.Message):
    __slots__ = ("key", "data", "ttl_ms")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    data: bytes
    ttl_ms: int
    def __init__(self, key: _Optional[bytes] = ..., data: _Optional[bytes] = ..., ttl_ms: _Optional[int] = ...) -> None: ...

class KVStoreSetResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: Status
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ...) -> None: ...

class KVStoreDelete(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    def __init__(self, key: _Optional[bytes] = ...) -> None: ...

class KVStoreDeleteResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: Status
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ...) -> None: ...

class KVStoreKeys(_message.Message):
    __slots__ = ("return_proto", "prefix", "cursor", "limit")
    RETURN_PROTO_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    return_proto: bool
    prefix: bytes
    cursor: bytes
    limit: int
    def __init__(self, return_proto: bool = ..., prefix: _Optional[bytes] = ..., cursor: _Optional[bytes] = ..., limit: _Optional[int] = ...) -> None: ...

class KVStoreKeysResponse(_message.Message):
    __slots__ = ("status", "keys", "cursor")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    status: Status
    keys: _containers.RepeatedScalarFieldContainer[bytes]
    cursor: bytes
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ..., keys: _Optional[_Iterable[bytes]] = ..., cursor: _Optional[bytes] = ...) -> None: ...

class KVStoreCas(_message.Message):
    __slots__ = ("key", "expected", "data", "ttl_ms")
    KEY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    expected: bytes
    data: bytes
    ttl_ms: int
    def __init__(self, key: _Optional[bytes] = ..., expected: _Optional[bytes] = ..., data: _Optional[bytes] = ..., ttl_ms: _Optional[int] = ...) -> None: ...

class KVStoreCasResponse(_message.Message):
    __slots__ = ("status", "swapped")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SWAPPED_FIELD_NUMBER: _ClassVar[int]
    status: Status
    swapped: bool
    def __init__(self, status: _Optional[_Union[Status, _Mapping]] = ..., swapped: bool = ...) -> None: ...

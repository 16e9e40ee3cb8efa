"""The host calls `get set delete keys cas`: decode, check, ask the store, put failures into the original's words."""

from collections.abc import Awaitable, Callable, Mapping
from typing import ParamSpec, TypeVar

from tarmac_core.plugin import Call, Encode, HostCallError, Operation, Operations
from tarmac_core.plugin.wire.protobuf import parse
from tarmac_kv import wire_json, wire_protobuf
from tarmac_kv.backend import Answer, KVBackend, KVError, NotSupportedError, Page
from tarmac_kv.grants import check_key, check_write, narrowed
from tarmac_kv.kvstore_pb2 import KVStoreCas, KVStoreDelete, KVStoreGet, KVStoreKeys, KVStoreSet
from tarmac_kv.limits import MAX_KEY_BYTES, MAX_TTL_MS
from tarmac_kv.requests import (
    CasRequest,
    DeleteRequest,
    GetRequest,
    KeyRequest,
    KeysRequest,
    Request,
    SetRequest,
)

T = TypeVar("T")
Arguments = ParamSpec("Arguments")


def kv_operations(stores: Mapping[str, KVBackend]) -> Operations:
    """The capability's operations on `stores`; core has checked that a call's store is one of them."""
    handlers = _Handlers(stores)
    return {
        "get": Operation(_decode_get, handlers.get),
        "set": Operation(_decode_set, handlers.set),
        "delete": Operation(_decode_delete, handlers.delete),
        "keys": Operation(_decode_keys, handlers.keys),
        "cas": Operation(_decode_cas, handlers.cas),
    }


def _decode_get(payload: bytes) -> tuple[GetRequest, Encode[bytes]]:
    message = parse(KVStoreGet, payload, "key")
    if message is None:
        return wire_json.read_get(payload), wire_json.encode_value
    return GetRequest(message.key, is_json=False), wire_protobuf.encode_value


def _decode_set(payload: bytes) -> tuple[SetRequest, Encode[None]]:
    message = parse(KVStoreSet, payload, "key")
    if message is None:
        return wire_json.read_set(payload), wire_json.encode_done
    data = message.data if message.HasField("data") else None
    return SetRequest(message.key, data, message.ttl_ms, is_json=False), wire_protobuf.encode_done


def _decode_delete(payload: bytes) -> tuple[DeleteRequest, Encode[None]]:
    message = parse(KVStoreDelete, payload, "key")
    if message is None:
        return wire_json.read_delete(payload), wire_json.encode_done
    return DeleteRequest(message.key, is_json=False), wire_protobuf.encode_done


def _decode_keys(payload: bytes) -> tuple[KeysRequest, Encode[Page]]:
    if not payload or payload[:1] == b"{":
        return wire_json.read_keys(payload), wire_json.encode_page
    # The original never parsed this payload, so that one which is no message asks for all keys.
    message = parse(KVStoreKeys, payload, "prefix") or KVStoreKeys()
    return KeysRequest(message.prefix, message.cursor, message.limit), wire_protobuf.encode_page


def _decode_cas(payload: bytes) -> tuple[CasRequest, Encode[bool]]:
    message = parse(KVStoreCas, payload, "key")
    if message is None:
        return wire_json.read_cas(payload), wire_json.encode_swapped
    expected = message.expected if message.HasField("expected") else None
    data = message.data if message.HasField("data") else None
    return CasRequest(message.key, expected, data, message.ttl_ms, is_json=False), wire_protobuf.encode_swapped


class _Handlers:
    """Each returns the reply, or an awaitable of it if the store has to wait."""

    def __init__(self, stores: Mapping[str, KVBackend]) -> None:
        self._stores = stores

    def get(self, call: Call, request: GetRequest) -> Answer[bytes]:
        _check_length(request)
        if call.grant is not None:
            check_key(call, request.key)
        answer = _ask(request, self._stores[call.store].get, request.key)
        if isinstance(answer, bytes):
            return answer
        return _found(request, answer) if answer is None else _found_later(request, answer)

    def set(self, call: Call, request: SetRequest) -> Answer[None]:
        if request.data is None:
            raise HostCallError(400, "Data cannot be nil")
        _check_length(request)
        _check_ttl(request, request.ttl_ms)
        if call.grant is not None:
            check_write(call, request.key)
        return _ask(request, self._stores[call.store].set, request.key, request.data, ttl_ms=request.ttl_ms)

    def delete(self, call: Call, request: DeleteRequest) -> Answer[None]:
        _check_length(request)
        if call.grant is not None:
            check_write(call, request.key)
        return _ask(request, self._stores[call.store].delete, request.key)

    def keys(self, call: Call, request: KeysRequest) -> Answer[Page]:
        prefix = narrowed(call, request.prefix)
        if prefix is None:
            return Page([])
        store = self._stores[call.store]
        return _ask(request, store.keys, prefix=prefix, cursor=request.cursor, limit=request.limit)

    def cas(self, call: Call, request: CasRequest) -> Answer[bool]:
        _check_length(request)
        _check_ttl(request, request.ttl_ms)
        if call.grant is not None:
            check_write(call, request.key)
        return _ask(
            request,
            self._stores[call.store].cas,
            request.key,
            expected=request.expected,
            value=request.data,
            ttl_ms=request.ttl_ms,
        )


def _check_length(request: KeyRequest) -> None:
    length = len(request.key)
    if 0 < length <= MAX_KEY_BYTES:
        return
    cause = f"key is longer than {MAX_KEY_BYTES} bytes" if length else "key cannot be nil"
    raise HostCallError(400, request.failure(cause) if request.is_json else cause)


def _check_ttl(request: Request, ttl_ms: int) -> None:
    if ttl_ms > MAX_TTL_MS:
        raise HostCallError(400, request.failure(f"ttl_ms is more than {MAX_TTL_MS}"))


def _ask(
    request: Request, method: Callable[Arguments, Answer[T]], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Answer[T]:
    try:
        answer = method(*args, **kwargs)
    except KVError as error:
        raise _failed(request, error) from error
    if answer is None or not isinstance(answer, Awaitable):
        return answer
    return _ask_later(request, answer)


async def _ask_later(request: Request, answer: Awaitable[T]) -> T:
    try:
        return await answer
    except KVError as error:
        raise _failed(request, error) from error


def _failed(request: Request, error: KVError) -> HostCallError:
    return HostCallError(501 if isinstance(error, NotSupportedError) else 500, request.failure(error))


def _found(request: GetRequest, value: bytes | None) -> bytes:
    if value is None:
        raise HostCallError(404, request.failure("nil value returned from database"))
    return value


async def _found_later(request: GetRequest, answer: Awaitable[bytes | None]) -> bytes:
    return _found(request, await answer)

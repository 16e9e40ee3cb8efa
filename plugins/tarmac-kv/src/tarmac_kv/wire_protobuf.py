"""Answers in protobuf. They begin with a ready-made Status: joined messages are one message."""

from tarmac_core.plugin import HostCallError
from tarmac_kv.backend import Page
from tarmac_kv.kvstore_pb2 import (
    KVStoreCasResponse,
    KVStoreGetResponse,
    KVStoreKeysResponse,
    KVStoreSetResponse,
    Status,
)

# All answers have their Status in field 1, so that one encoding serves all of them.
_OK = KVStoreSetResponse(status=Status(code=200, status="OK")).SerializeToString()


def encode_value(reply: bytes | HostCallError) -> bytes:
    """The answer to `get`."""
    if isinstance(reply, HostCallError):
        return encode_error(reply)
    return _OK + KVStoreGetResponse(data=reply).SerializeToString()


def encode_done(reply: HostCallError | None) -> bytes:
    """The answer to `set` and `delete`."""
    return encode_error(reply) if isinstance(reply, HostCallError) else _OK


def encode_page(reply: Page | HostCallError) -> bytes:
    """The answer to `keys`."""
    if isinstance(reply, HostCallError):
        return encode_error(reply)
    return _OK + KVStoreKeysResponse(keys=reply.keys, cursor=reply.cursor).SerializeToString()


def encode_swapped(reply: bool | HostCallError) -> bytes:
    """The answer to `cas`."""
    if isinstance(reply, HostCallError):
        return encode_error(reply)
    return _OK + KVStoreCasResponse(swapped=reply).SerializeToString()


def encode_error(error: HostCallError) -> bytes:
    """The answer of any operation that failed."""
    return KVStoreSetResponse(status=Status(code=error.code, status=error.message)).SerializeToString()

"""Requests and answers in protobuf. Answers begin with a ready-made Status: joined messages are one message."""

import re
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from tarmac_core.plugin import HostCallError
from tarmac_kv.backend import Page
from tarmac_kv.go_json import JSONError, read_object
from tarmac_kv.kvstore_pb2 import (
    KVStoreCasResponse,
    KVStoreGetResponse,
    KVStoreKeysResponse,
    KVStoreSetResponse,
    Status,
)

MessageT = TypeVar("MessageT", bound=Message)

_LIKE_JSON = re.compile(rb"[ \t\r\n]+\{")
_SECOND_BYTES = b" \t\r\n{"

# All answers have their Status in field 1, so that one encoding serves all of them.
_OK = KVStoreSetResponse(status=Status(code=200, status="OK")).SerializeToString()


def parse(kind: type[MessageT], payload: bytes) -> MessageT | None:
    """Read a message, or return None for bytes that are to be read as JSON."""
    if payload[:1] == b"{":
        return None
    try:
        message = kind.FromString(payload)
    except DecodeError:
        return None
    unknown = UnknownFieldSet(message)
    if unknown and _is_doubtful(message, unknown, payload):
        return None
    # A key of 9, 10, 13, 32 or 123 bytes has white space or a brace for its length.
    if payload[1:2] in _SECOND_BYTES and _is_json_request(payload):
        return None
    return message


def _is_doubtful(message: Message, unknown: UnknownFieldSet, payload: bytes) -> bool:
    # This runtime passes over a known field of a wrong wire type; guests were built against one that refuses it. White space
    # and a brace are also the start of a message (a space is a field 4, a newline a field 1): there only known fields count.
    known = message.DESCRIPTOR.fields_by_number
    is_like_json = _LIKE_JSON.match(payload) is not None
    return is_like_json or any(unknown[index].field_number in known for index in range(len(unknown)))


def _is_json_request(payload: bytes) -> bool:
    if not _LIKE_JSON.match(payload):
        return False
    try:
        return "key" in read_object(payload)
    except JSONError:
        return False


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

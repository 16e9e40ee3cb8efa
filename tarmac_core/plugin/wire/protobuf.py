"""Whether a payload is a protobuf message or JSON text, since guests do not say."""

import re
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from tarmac_core.plugin.wire.go_json import JSONError, read_object

MessageT = TypeVar("MessageT", bound=Message)

_LIKE_JSON = re.compile(rb"[ \t\r\n]+\{")
# More than any guest's message has; to read millions of them would hold up the event loop for seconds.
_MOST_FIELDS = 100_000
_VARINT, _FIXED64, _LENGTH, _GROUP, _GROUP_END, _FIXED32 = range(6)
_SECOND_BYTES = b" \t\r\n{"


def parse(kind: type[MessageT], payload: bytes, member: str) -> MessageT | None:
    """Read a message, or return None for bytes that are to be read as JSON.

    `member` names what every JSON request of this kind has, in lower case. No message begins with a brace, so that what
    does is JSON. White space before it can also begin a message (a newline is a field 1, the brace its length): such bytes
    are a message only if all of its fields are known, and they are no JSON object with that member.
    """
    if payload[:1] == b"{" or (len(payload) > 2 * _MOST_FIELDS and _has_too_many_fields(payload)):
        return None
    try:
        message = kind.FromString(payload)
    except DecodeError:
        return None
    unknown = UnknownFieldSet(message)
    if unknown and _has_wrong_type(message, unknown):
        return None
    if payload[1:2] in _SECOND_BYTES and _LIKE_JSON.match(payload) and (unknown or _is_request(payload, member)):
        return None
    return message


def _has_too_many_fields(payload: bytes) -> bool:
    """Count without reading, those of the message itself and of groups; what is no message has few enough."""
    at, end = 0, len(payload)
    try:
        for _ in range(_MOST_FIELDS):
            if at >= end:
                return False
            tag, at = _varint(payload, at)
            match tag & 7:
                case kind if kind == _VARINT:
                    _, at = _varint(payload, at)
                case kind if kind == _LENGTH:
                    length, at = _varint(payload, at)
                    at += length
                case kind if kind in (_FIXED64, _FIXED32):
                    at += 8 if kind == _FIXED64 else 4
    except IndexError:
        return False
    return True


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends; IndexError where the payload ends before."""
    value = shift = 0
    while (byte := payload[at]) >= 0x80:
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
    return value | byte << shift, at + 1


def _has_wrong_type(message: Message, unknown: UnknownFieldSet) -> bool:
    # This runtime passes over a known field of a wrong wire type; guests were built against one that refuses it.
    known = message.DESCRIPTOR.fields_by_number
    return any(unknown[index].field_number in known for index in range(len(unknown)))


def _is_request(payload: bytes, member: str) -> bool:
    try:
        return member in read_object(payload)
    except JSONError:
        return False

"""Whether a payload is a protobuf message or JSON text, since guests do not say."""

import re
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from tarmac_core.plugin.wire.go_json import JSONError, read_object

MessageT = TypeVar("MessageT", bound=Message)

_LIKE_JSON = re.compile(rb"[ \t\r\n]+\{")
_MOST_UNKNOWN_BYTES = 64 << 10
_SECOND_BYTES = b" \t\r\n{"


def parse(kind: type[MessageT], payload: bytes, member: str) -> MessageT | None:
    """Read a message, or return None for bytes that are to be read as JSON.

    `member` names what every JSON request of this kind has, in lower case. No message begins with a brace, so that what
    does is JSON. White space before it can also begin a message (a newline is a field 1, the brace its length): such bytes
    are a message only if all of its fields are known, and they are no JSON object with that member.
    """
    if payload[:1] == b"{":
        return None
    try:
        message = kind.FromString(payload)
    except DecodeError:
        return None
    if len(payload) > _MOST_UNKNOWN_BYTES and _is_mostly_unknown(message, payload):
        return None
    unknown = UnknownFieldSet(message)
    if unknown and _has_wrong_type(message, unknown):
        return None
    if payload[1:2] in _SECOND_BYTES and _LIKE_JSON.match(payload) and (unknown or _is_request(payload, member)):
        return None
    return message


def _is_mostly_unknown(message: Message, payload: bytes) -> bool:
    # No guest's message holds as much that is unknown; to look at millions of such fields would hold up the loop for seconds.
    known = type(message).FromString(payload)
    known.DiscardUnknownFields()
    return message.ByteSize() - known.ByteSize() > _MOST_UNKNOWN_BYTES


def _has_wrong_type(message: Message, unknown: UnknownFieldSet) -> bool:
    # This runtime passes over a known field of a wrong wire type; guests were built against one that refuses it.
    known = message.DESCRIPTOR.fields_by_number
    return any(unknown[index].field_number in known for index in range(len(unknown)))


def _is_request(payload: bytes, member: str) -> bool:
    try:
        return member in read_object(payload)
    except JSONError:
        return False

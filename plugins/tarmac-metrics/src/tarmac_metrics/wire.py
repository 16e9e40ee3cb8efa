"""Requests in protobuf, or in JSON as the original reads it: keys in any case, unknown ones passed over."""

import json
import re
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from tarmac_core.plugin import HostCallError
from tarmac_metrics.metrics_pb2 import MetricsCounter, MetricsGauge, MetricsHistogram

MessageT = TypeVar("MessageT", bound=Message)

_LIKE_JSON = re.compile(rb"[ \t\r\n]+\{")


def read_counter(payload: bytes) -> bytes:
    """The name; raises HostCallError 400 for what is neither form."""
    message = _parse(MetricsCounter, payload)
    return message.name if message is not None else _text(_members(payload), "name")


def read_gauge(payload: bytes) -> tuple[bytes, bytes]:
    """Name and action."""
    message = _parse(MetricsGauge, payload)
    if message is not None:
        return message.name, message.action
    members = _members(payload)
    return _text(members, "name"), _text(members, "action")


def read_histogram(payload: bytes) -> tuple[bytes, float]:
    """Name and value; a missing value is 0."""
    message = _parse(MetricsHistogram, payload)
    if message is not None:
        return message.name, message.value
    members = _members(payload)
    return _text(members, "name"), _number(members, "value")


def _parse(kind: type[MessageT], payload: bytes) -> MessageT | None:
    """Read a message, or return None for bytes that are to be read as JSON."""
    if payload[:1] == b"{":
        return None
    try:
        message = kind.FromString(payload)
    except DecodeError:
        return None
    unknown = UnknownFieldSet(message)
    known = message.DESCRIPTOR.fields_by_number
    # This runtime passes over a known field of a wrong wire type; guests were built against one that refuses it.
    if any(unknown[index].field_number in known for index in range(len(unknown))):
        return None
    return None if _LIKE_JSON.match(payload) and _is_object(payload) else message


def _is_object(payload: bytes) -> bool:
    try:
        return "name" in _members(payload)
    except HostCallError:
        return False


def _members(payload: bytes) -> dict[str, object]:
    """The object's members, keys in lower case; a null member is as good as none."""
    try:
        read = json.loads(payload.decode("utf-8", "replace"), parse_int=float, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _wrong(error) from error
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise _wrong("not an object")
    return {key.lower(): value for key, value in read.items() if value is not None}


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _text(members: dict[str, object], name: str) -> bytes:
    value = members.get(name, "")
    if not isinstance(value, str):
        raise _wrong(f"{name} is not a string")
    return value.encode("utf-8", "replace")


def _number(members: dict[str, object], name: str) -> float:
    value = members.get(name, 0.0)
    if not isinstance(value, float):
        raise _wrong(f"{name} is not a number")
    return value


def _wrong(what: object) -> HostCallError:
    return HostCallError(400, f"unable to parse input JSON - {what}")

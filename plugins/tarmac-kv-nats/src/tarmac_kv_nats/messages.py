"""What messages say: headers that make a message a marker, values with their revision, acknowledgements."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, ServiceUnavailableError

_OPERATION = "KV-Operation"
_SERVERS_MARKER = "Nats-Marker-Reason"
_NOT_FOUND = "404"
_NOBODY = "503"
_NO_MORE = {_NOT_FOUND, "408"}
_HEADER_FRAME_BYTES = len("NATS/1.0\r\n\r\n")
_HEADER_LINE_BYTES = len(": \r\n")

EXPECTED_REVISION = "Nats-Expected-Last-Subject-Sequence"
TTL = "Nats-TTL"
DELETED = {_OPERATION: "DEL"}


class Entry(NamedTuple):
    """A value, None where there is none, and the revision that a change has to replace, 0 if there is nothing."""

    value: bytes | None
    revision: int


NOTHING = Entry(None, 0)


def size_of(payload: bytes, headers: Mapping[str, str] | None) -> int:
    """The bytes of a message that count for the server's `max_payload`."""
    if not headers:
        return len(payload)
    lines = sum(len(name) + len(value) + _HEADER_LINE_BYTES for name, value in headers.items())
    return len(payload) + _HEADER_FRAME_BYTES + lines


def is_marker(headers: Mapping[str, str] | None) -> bool:
    """Whether the message stands for a deleted key."""
    return headers is not None and (headers.get(_OPERATION) in {"DEL", "PURGE"} or _SERVERS_MARKER in headers)


def entry_of_answer(answer: Msg) -> Entry:
    """What a direct request gave. Raises APIError."""
    headers = answer.headers or {}
    if not answer.data and (status := headers.get("Status")):
        if status == _NOT_FOUND:
            return NOTHING
        raise APIError(code=int(status), description=headers.get("Description"))
    return Entry(None if is_marker(headers) else answer.data, int(headers["Nats-Sequence"]))


def entry_of_stored(message: RawStreamMsg) -> Entry:
    """What the leader gave."""
    return Entry(None if is_marker(message.headers) else message.data or b"", message.seq or 0)


def refusal_of(answer: Msg) -> APIError | None:
    """Why a consumer sends no messages, None where it has no more."""
    headers = answer.headers or {}
    status = headers.get("Status", "")
    if status in _NO_MORE:
        return None
    if status == _NOBODY:
        return ServiceUnavailableError()
    return APIError(code=int(status or 0), description=headers.get("Description", ""))


def revision_of(answer: Msg) -> int:
    """The revision that JetStream acknowledged. Raises APIError."""
    told = json.loads(answer.data)
    if "error" in told:
        raise APIError.from_error(told["error"])
    return int(told["seq"])

"""What messages say: headers that make a message a marker, values with their revision, acknowledgements."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError

_OPERATION = "KV-Operation"
_SERVERS_MARKER = "Nats-Marker-Reason"
_NOT_FOUND = "404"

EXPECTED_REVISION = "Nats-Expected-Last-Subject-Sequence"
TTL = "Nats-TTL"
DELETED = {_OPERATION: "DEL"}


class Entry(NamedTuple):
    """A value, None where there is none, and the revision that a change has to replace, 0 if there is nothing."""

    value: bytes | None
    revision: int


NOTHING = Entry(None, 0)


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


def revision_of(answer: Msg) -> int:
    """The revision that JetStream acknowledged. Raises APIError."""
    told = json.loads(answer.data)
    if "error" in told:
        raise APIError.from_error(told["error"])
    return int(told["seq"])

"""Requests in protobuf, or in JSON as the original reads it: keys in any case, unknown ones passed over."""

from collections.abc import Callable
from typing import Any, TypeVar

from tarmac_core.plugin import HostCallError
from tarmac_core.plugin.wire.go_json import JSONError, number_field, read_object, text_field
from tarmac_core.plugin.wire.protobuf import parse
from tarmac_metrics.metrics_pb2 import MetricsCounter, MetricsGauge, MetricsHistogram

T = TypeVar("T")


def read_counter(payload: bytes) -> bytes:
    """The name; raises HostCallError 400 for what is neither form."""
    message = parse(MetricsCounter, payload, "name")
    return message.name if message is not None else _from_json(payload, lambda members: _text(members, "name"))


def read_gauge(payload: bytes) -> tuple[bytes, bytes]:
    """Name and action."""
    message = parse(MetricsGauge, payload, "name")
    if message is not None:
        return message.name, message.action
    return _from_json(payload, lambda members: (_text(members, "name"), _text(members, "action")))


def read_histogram(payload: bytes) -> tuple[bytes, float]:
    """Name and value; a missing value is 0."""
    message = parse(MetricsHistogram, payload, "name")
    if message is not None:
        return message.name, message.value
    return _from_json(payload, lambda members: (_text(members, "name"), number_field(members, "value")))


def _from_json(payload: bytes, build: Callable[[dict[str, Any]], T]) -> T:
    try:
        return build(read_object(payload))
    except JSONError as error:
        raise HostCallError(400, f"unable to parse input JSON - {error}") from error


def _text(members: dict[str, Any], name: str) -> bytes:
    return (text_field(members, name) or "").encode()

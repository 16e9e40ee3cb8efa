"""The host calls `counter gauge histogram`: read, check, tell the sinks. All answer at once, with nothing."""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from tarmac_core.plugin import Call, Encode, GuestMetric, HostCallError, Observe, Operation, Operations
from tarmac_metrics import wire
from tarmac_metrics.names import Kind, Names

RequestT = TypeVar("RequestT")

_STEPS: Mapping[bytes, float] = {b"inc": 1.0, b"dec": -1.0}


def metrics_operations(names: Names, observe: Observe) -> Operations:
    """The capability's operations; what guests change goes to `observe` as `GuestMetric`."""

    def change(call: Call, kind: Kind, name: str, value: float) -> None:
        names.claim(kind, name, call.function)
        observe(GuestMetric(call.function, kind, name, value))

    def counter(call: Call, name: bytes) -> None:
        change(call, "counter", names.check(name), 1.0)

    def gauge(call: Call, request: tuple[bytes, bytes]) -> None:
        name = names.check(request[0])
        step = _STEPS.get(request[1])
        if step is None:
            raise HostCallError(400, "invalid action")
        change(call, "gauge", name, step)

    def histogram(call: Call, request: tuple[bytes, float]) -> None:
        name = names.check(request[0])
        # One such value would make the sum useless for as long as the server runs.
        if not math.isfinite(request[1]):
            raise HostCallError(400, "invalid value: it must be finite")
        change(call, "histogram", name, request[1])

    return {
        "counter": Operation(_decoder(wire.read_counter), counter),
        "gauge": Operation(_decoder(wire.read_gauge), gauge),
        "histogram": Operation(_decoder(wire.read_histogram), histogram),
    }


def _decoder(read: Callable[[bytes], RequestT]) -> Callable[[bytes], tuple[RequestT, Encode[None]]]:
    return lambda payload: (read(payload), _nothing)


def _nothing(reply: HostCallError | None) -> bytes:
    return b""

"""The host calls `counter gauge histogram`: read, check, tell the sinks. All answer at once, with nothing."""

import math
from collections.abc import Mapping

from tarmac_core.plugin import Call, Encode, GuestMetric, HostCallError, Observe, Operation, Operations
from tarmac_metrics.names import Kind, Names

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
        "counter": Operation(_counter, counter),
        "gauge": Operation(_gauge, gauge),
        "histogram": Operation(_histogram, histogram),
    }


# protobuf is loaded by the first call: a start whose functions measure nothing does not wait for it.


def _counter(payload: bytes) -> tuple[bytes, Encode[None]]:
    from tarmac_metrics.wire import read_counter  # noqa: PLC0415

    return read_counter(payload), _nothing


def _gauge(payload: bytes) -> tuple[tuple[bytes, bytes], Encode[None]]:
    from tarmac_metrics.wire import read_gauge  # noqa: PLC0415

    return read_gauge(payload), _nothing


def _histogram(payload: bytes) -> tuple[tuple[bytes, float], Encode[None]]:
    from tarmac_metrics.wire import read_histogram  # noqa: PLC0415

    return read_histogram(payload), _nothing


def _nothing(reply: HostCallError | None) -> bytes:
    return b""

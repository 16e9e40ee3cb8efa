"""Turns events into changes. All of it runs on the event loop and never waits."""

from collections import defaultdict
from collections.abc import Callable

from tarmac_core.plugin import (
    CallFinished,
    GuestMetric,
    HostCallFinished,
    Observer,
    PoolChanged,
    RequestFinished,
    RoutesServed,
    TaskFinished,
)
from tarmac_statsd.names import guest_name, plain, tagged
from tarmac_statsd.sender import Change


class StatsdSink(Observer):
    """Gives every change to `put`. Durations are timers of milliseconds with fractions."""

    def __init__(self, put: Callable[[Change], None], *, has_tags: bool) -> None:
        self._put = put
        self._name = tagged if has_tags else plain
        self._gauges: defaultdict[str, float] = defaultdict(float)

    def request_finished(self, event: RequestFinished) -> None:
        """An HTTP answer was written."""
        labels = (("path", event.route), ("method", event.method), ("function", event.function))
        self._put(("ms", self._name("http_server", labels), event.duration_ms))
        self._count("http_answers", ("code", str(event.code)))

    def call_finished(self, event: CallFinished) -> None:
        """A function call ended."""
        self._put(("ms", self._name("wasm_functions", (("function", event.function),)), event.duration_ms))
        self._count("function_calls", ("function", event.function), ("outcome", event.outcome))

    def host_call_finished(self, event: HostCallFinished) -> None:
        """A host call ended. What no plugin offers is one name, however many guests make up."""
        operation = event.operation if event.capability else "unknown"
        labels = (("capability", event.capability or "unknown"), ("operation", operation))
        self._put(("ms", self._name("wasm_callbacks", labels), event.duration_ms))
        self._count("host_calls", ("plugin", event.plugin or "unknown"), ("code", str(event.code)))

    def task_finished(self, event: TaskFinished) -> None:
        """A run of a schedule or of an init function ended."""
        if event.route_type == "scheduled_task":
            self._put(("ms", self._name("scheduled_tasks", (("tasks", event.function),)), event.duration_ms))
        self._count("task_runs", ("function", event.function), ("outcome", event.outcome))

    def routes_served(self, event: RoutesServed) -> None:
        """A service's routes of one type are served."""
        name = self._name("service_routes", (("service", event.service), ("type", event.route_type)))
        self._put(("g", name, event.count))

    def guest_metric(self, event: GuestMetric) -> None:
        """A guest changed a metric. Gauges are sent as what they are now, so that a lost datagram does no lasting harm."""
        name = guest_name(event.name)
        if event.kind == "gauge":
            self._gauges[name] += event.value
            self._put(("g", name, self._gauges[name]))
        else:
            self._put(("c" if event.kind == "counter" else "ms", name, event.value))

    def pool_changed(self, event: PoolChanged) -> None:
        """A pool grew, shrank or queued."""
        values = (
            ("pool_instances", event.instances),
            ("pool_waiting", event.waiting),
            ("engine_instances", event.made),
            ("engine_memory_bytes", event.memory_bytes),
        )
        for name, value in values:
            self._put(("g", self._name(name, (("function", event.function),)), value))

    def _count(self, name: str, *labels: tuple[str, str]) -> None:
        self._put(("c", self._name(name, labels), 1))

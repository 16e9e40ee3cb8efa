"""Hears every event and keeps numbers of it. All of it runs on the event loop and never waits."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

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
from tarmac_prometheus.guests import GuestMetrics
from tarmac_prometheus.tables import Counter, Gauge, Histogram


class PrometheusSink(Observer):
    """The series of one App. Durations are milliseconds with fractions; `bounds_ms` and `guest_bounds` are buckets."""

    def __init__(self, bounds_ms: Sequence[float], guest_bounds: Sequence[float]) -> None:
        self.guests = GuestMetrics(guest_bounds)
        self._requests = Histogram(
            "http_server", "Duration of HTTP requests in ms", ("path", "method", "function"), bounds_ms
        )
        self._answers = Counter("tarmac_http_answers", "HTTP answers by status", ("path", "method", "code"))
        self._functions = Histogram(
            "wasm_functions", "Duration of function calls in ms", ("route", "function"), bounds_ms
        )
        self._calls = Counter(
            "tarmac_function_calls", "Function calls by outcome", ("function", "service", "origin", "outcome")
        )
        self._callbacks = Histogram(
            "wasm_callbacks", "Duration of host calls in ms", ("callback", "capability", "function"), bounds_ms
        )
        self._host_calls = Counter(
            "tarmac_host_calls", "Host calls by status", ("plugin", "capability", "operation", "code")
        )
        self._tasks = Histogram("scheduled_tasks", "Duration of scheduled tasks in ms", ("tasks",), bounds_ms)
        self._runs = Counter("tarmac_task_runs", "Runs of triggers by outcome", ("function", "route_type", "outcome"))
        self._routes = Gauge("service_routes", "Number of configured service routes", ("service", "type"))
        self._instances = Gauge("tarmac_pool_instances", "Instances of a function", ("function",))
        self._idle = Gauge(
            "tarmac_pool_idle", "Instances that waited for work when the pool last changed", ("function",)
        )
        self._waiting = Gauge("tarmac_pool_waiting", "Calls that wait for an instance", ("function",))
        self._made = Counter("tarmac_engine_instances", "Instances that the engine ever made", ("function",))
        self._memory = Gauge(
            "tarmac_engine_memory_bytes", "Linear memory of idle instances when the pool last changed", ("function",)
        )

    def collect(self) -> Iterator[Metric]:
        """Every family but the guests' counters; a large one in parts that follow each other.

        To be taken step by step on the event loop, with other work between the steps.
        """
        for table in (self._requests, self._functions, self._callbacks, self._tasks):
            yield from table.collect()
        for counter in (self._answers, self._calls, self._host_calls, self._runs, self._made):
            yield from counter.collect()
        for gauge in (self._routes, self._instances, self._idle, self._waiting, self._memory):
            yield from gauge.collect()
        yield from self.guests.collect()

    def request_finished(self, event: RequestFinished) -> None:
        """An HTTP answer was written; without a route it counts under an empty path."""
        self._requests.observe(event.duration_ms, event.route, event.method, event.function)
        self._answers.add(event.route, event.method, str(event.code))

    def call_finished(self, event: CallFinished) -> None:
        """A function call ended."""
        self._functions.observe(event.duration_ms, f"{event.function}:handler", event.function)
        self._calls.add(event.function, event.service, event.origin, event.outcome)

    def host_call_finished(self, event: HostCallFinished) -> None:
        """A host call ended. What no plugin offers is one series, however many names guests make up."""
        if not event.capability:
            self._callbacks.observe(event.duration_ms, "unknown", "", event.function)
            self._host_calls.add("", "", "", str(event.code))
            return
        binding = event.binding if event.binding not in ("", "default") else "tarmac"
        callback = f"{binding}:{event.operation}"
        self._callbacks.observe(event.duration_ms, callback, event.capability, event.function)
        self._host_calls.add(event.plugin, event.capability, event.operation, str(event.code))

    def task_finished(self, event: TaskFinished) -> None:
        """A run of a schedule or of an init function ended."""
        if event.route_type == "scheduled_task":
            self._tasks.observe(event.duration_ms, event.function)
        self._runs.add(event.function, event.route_type, event.outcome)

    def routes_served(self, event: RoutesServed) -> None:
        """A service's routes of one type are served."""
        self._routes.set(event.count, event.service, event.route_type)

    def guest_metric(self, event: GuestMetric) -> None:
        """A guest changed a metric."""
        self.guests.change(event)

    def pool_changed(self, event: PoolChanged) -> None:
        """A pool grew, shrank or queued."""
        self._instances.set(event.instances, event.function)
        self._idle.set(event.idle, event.function)
        self._waiting.set(event.waiting, event.function)
        self._made.set(event.made, event.function)
        self._memory.set(event.memory_bytes, event.function)

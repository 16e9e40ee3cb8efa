"""What observers are told: one frozen event for each thing that ended or changed. Durations are milliseconds."""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """An HTTP answer was written. `route` is the pattern (`/users/:id`), `function` who answers it; empty without one."""

    method: str
    route: str
    code: int
    duration_ms: float
    request_id: str
    function: str = ""


@dataclass(frozen=True, slots=True)
class CallFinished:
    """A function call ended. `origin` is `http`, `function`, `cli` or a route type; `outcome` is `ok` or the error's kind."""

    function: str
    service: str
    origin: str
    outcome: str
    duration_ms: float
    request_id: str


@dataclass(frozen=True, slots=True)
class HostCallFinished:
    """A guest's host call ended. `code` is the Status code; 404 without a capability means `callback not found`.

    `plugin` is whose operation it was, empty where there is none.
    """

    function: str
    binding: str
    capability: str
    operation: str
    code: int
    duration_ms: float
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """One run of a trigger's task ended (all attempts of an init function, one run of a schedule)."""

    function: str
    route_type: str
    outcome: str
    duration_ms: float


@dataclass(frozen=True, slots=True)
class GuestMetric:
    """A guest changed a metric: a counter by 1, a gauge by 1 or -1, or a histogram observed `value`."""

    function: str
    kind: Literal["counter", "gauge", "histogram"]
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class RoutesServed:
    """How many routes of one type a service has; told once for each at the start, before the listener opens."""

    service: str
    route_type: str
    count: int


@dataclass(frozen=True, slots=True)
class PoolChanged:
    """The pool of a function grew, shrank or queued.

    `made` counts the instances that the engine ever made for it; `memory_bytes` is the linear memory of the idle ones.
    """

    function: str
    instances: int
    idle: int
    waiting: int
    made: int = 0
    memory_bytes: int = 0


Event: TypeAlias = (
    RequestFinished | CallFinished | HostCallFinished | TaskFinished | GuestMetric | RoutesServed | PoolChanged
)


class Observer:
    """Base of metrics sinks: override what you want to hear; what is not overridden costs nothing.

    Methods run on the event loop and must not block. One that raises is logged once and its observer is removed.
    """

    def request_finished(self, event: RequestFinished) -> None:
        """An HTTP answer was written."""

    def call_finished(self, event: CallFinished) -> None:
        """A function call ended."""

    def host_call_finished(self, event: HostCallFinished) -> None:
        """A host call ended."""

    def task_finished(self, event: TaskFinished) -> None:
        """A trigger's task ended."""

    def guest_metric(self, event: GuestMetric) -> None:
        """A guest changed a metric."""

    def routes_served(self, event: RoutesServed) -> None:
        """A service's routes of one type are served."""

    def pool_changed(self, event: PoolChanged) -> None:
        """A function's pool changed."""

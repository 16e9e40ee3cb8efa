"""Observers by the events that they override. What nobody overrides costs one false flag."""

from collections.abc import Callable
from typing import Any

from tarmac_core.plugin import (
    CallFinished,
    Event,
    GuestMetric,
    HostCallFinished,
    Log,
    Observer,
    PoolChanged,
    RequestFinished,
    RoutesServed,
    TaskFinished,
)

_METHODS: dict[type[Event], str] = {
    RequestFinished: "request_finished",
    CallFinished: "call_finished",
    HostCallFinished: "host_call_finished",
    TaskFinished: "task_finished",
    GuestMetric: "guest_metric",
    RoutesServed: "routes_served",
    PoolChanged: "pool_changed",
}
_Listener = tuple[str, Observer, Callable[[Any], None]]


class Observers:
    """All opened observers. `hears_*` say whether anyone listens to the events that are made for every call."""

    __slots__ = ("_listeners", "_log", "hears_calls", "hears_host_calls", "hears_pools", "hears_requests")

    def __init__(self, log: Log) -> None:
        self._log = log
        self._listeners: dict[type[Event], tuple[_Listener, ...]] = dict.fromkeys(_METHODS, ())
        self._note_what_is_heard()

    def add(self, name: str, observer: Observer) -> None:
        """Let `observer` hear what it overrides; `name` is for the log."""
        for event, method in _METHODS.items():
            if getattr(type(observer), method, None) is not getattr(Observer, method):
                self._listeners[event] += ((name, observer, getattr(observer, method)),)
        self._note_what_is_heard()

    def remove(self, observer: Observer) -> None:
        """Tell `observer` nothing more."""
        for event, listeners in self._listeners.items():
            self._listeners[event] = tuple(one for one in listeners if one[1] is not observer)
        self._note_what_is_heard()

    def emit(self, event: Event) -> None:
        """Tell everyone who listens to events of this kind. One that raises is removed and logged."""
        for name, observer, listen in self._listeners[type(event)]:
            try:
                listen(event)
            except Exception:  # noqa: BLE001 - a sink's fault must not end the call that it only watches
                self.remove(observer)
                self._log.exception(
                    "Observer removed: it raised in %s", _METHODS[type(event)], extra={"observer": name}
                )

    def _note_what_is_heard(self) -> None:
        self.hears_calls = bool(self._listeners[CallFinished])
        self.hears_host_calls = bool(self._listeners[HostCallFinished])
        self.hears_pools = bool(self._listeners[PoolChanged])
        self.hears_requests = bool(self._listeners[RequestFinished])

"""What core hands to plugins: a `Context` to each `open`, a `Call` to each operation's handler."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from tarmac_core.plugin.events import Event
from tarmac_core.plugin.manifest import GrantModel, RouteModel

Log: TypeAlias = "logging.LoggerAdapter[logging.Logger]"
Observe: TypeAlias = Callable[[Event], None]


class Call(Protocol):
    """The function call that a host call belongs to. Read-only; valid until the handler's answer."""

    @property
    def function(self) -> str:
        """The calling function."""

    @property
    def service(self) -> str:
        """The service it belongs to."""

    @property
    def request_id(self) -> str:
        """The id of the request that caused all this; also in the logs."""

    @property
    def deadline_s(self) -> float | None:
        """When the call ends, on `Context.clock`; None where it has no limit."""

    @property
    def store(self) -> str:
        """The store that the binding named; `default` for the default one."""

    @property
    def grant(self) -> GrantModel | None:
        """The function's grant for this capability; None where nothing restricts it."""

    @property
    def log(self) -> Log:
        """A log whose lines carry function, service and request id."""


class Invoke(Protocol):
    """Calls a function by name; the same door for triggers, capabilities, HTTP and the command line."""

    async def __call__(
        self,
        function: str,
        payload: bytes,
        *,
        origin: str,
        parent: Call | None = None,
        timeout_s: float | None = None,
    ) -> bytes:
        """Return the function's answer, or raise `InvocationError`. Cancelling the await ends the guest's call.

        `origin` is shown in events and logs (a route type). With `parent` the call inherits request id, depth and
        remaining time; `timeout_s` shortens it further, None leaves it without an own limit.
        """


@dataclass(frozen=True, slots=True)
class Context:
    """What an `open` function gets besides its settings.

    `log` carries the plugin's name; `data_dir` is a folder for files that outlive the process (not created yet); `clock`
    gives the event loop's time in seconds; `routes` are the manifest's routes of the `route_type` that a capability
    declared, empty for everything else.
    """

    log: Log
    invoke: Invoke
    observe: Observe
    data_dir: Path
    clock: Callable[[], float]
    routes: tuple[RouteModel, ...] = ()

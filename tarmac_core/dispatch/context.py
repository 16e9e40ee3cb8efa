"""What a caller says beside function and payload."""

from dataclasses import dataclass, field

from tarmac_core.plugin import Call, Request


@dataclass(slots=True)
class HttpExchange:
    """The HTTP request that a call answers, and what the guest set beside the body: status and headers."""

    request: Request
    code: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)  # not frozen: one is made for each call, and a frozen one takes three times as long
class CallContext:
    """Where a call comes from.

    `origin` is `http`, `function`, `cli` or a route type. An empty `request_id` is made up when someone asks for it.
    `deadline_s` is on the event loop's clock. `parent` is the call that causes this one. `exchange` is there only for
    the function that an HTTP route names.
    """

    origin: str
    request_id: str = ""
    deadline_s: float | None = None
    parent: Call | None = None
    exchange: HttpExchange | None = None

"""What a plugin did to the world outside it, kept for assertions."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from tarmac_core.plugin import Call, Event, InvocationError, Log

Answering = Callable[[str, bytes], bytes | Awaitable[bytes]]
"""The author's stand-in for the functions that a plugin calls: `answer(function, payload)`."""


@dataclass(frozen=True, slots=True)
class Invoked:
    """One function call that the plugin made through `Context.invoke`."""

    function: str
    payload: bytes
    origin: str
    parent: Call | None = None
    timeout_s: float | None = None


@dataclass(slots=True)
class Records:
    """Log records, invoked functions and observed events, each in order; `answer` decides what invoked functions say.

    Without an `answer` every function is missing, as in a manifest without functions.
    """

    answer: Answering | None = None
    logged: list[logging.LogRecord] = field(default_factory=list)
    invoked: list[Invoked] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def log(self, name: str) -> Log:
        """A log of every level, not connected to any other, whose records end in `logged`."""
        logger = logging.Logger(f"tarmac.plugin.{name}", level=1)
        logger.addHandler(_Keeping(self.logged))
        return _Fields(logger, {"plugin": name})

    async def invoke(
        self,
        function: str,
        payload: bytes,
        *,
        origin: str,
        parent: Call | None = None,
        timeout_s: float | None = None,
    ) -> bytes:
        """`Context.invoke`: record the call and give the author's answer."""
        self.invoked.append(Invoked(function, payload, origin, parent, timeout_s))
        if self.answer is None:
            raise InvocationError("not_found", f"no function {function}: give the harness an answer for it")
        answer = self.answer(function, payload)
        return answer if isinstance(answer, bytes) else await answer

    def messages(self, level: int = logging.INFO) -> list[str]:
        """The logged texts of this level and above."""
        return [record.getMessage() for record in self.logged if record.levelno >= level]


class _Fields(logging.LoggerAdapter[logging.Logger]):
    """As core's logs do: a line's `extra` and the log's own fields are together in the record's `fields`."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {"fields": {**(self.extra or {}), **(kwargs.get("extra") or {})}}
        return msg, kwargs


class _Keeping(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)

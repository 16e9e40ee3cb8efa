"""Finds handlers that block the event loop."""

from collections.abc import Awaitable, Generator
from time import monotonic
from types import coroutine
from typing import Any, TypeVar

from tarmac_core.plugin import Log

BLOCKING_S = 1.0
T = TypeVar("T")


def warn_if_blocking(log: Log, plugin: str, what: str, began_s: float) -> None:
    """Log a handler that kept the event loop since `began_s` (on `time.monotonic`) for over a second."""
    took_s = monotonic() - began_s
    if took_s > BLOCKING_S:
        log.warning(
            "Handler blocked the event loop",
            extra={"plugin": plugin, "operation": what, "duration_ms": round(took_s * 1000)},
        )


@coroutine
def watched(awaitable: Awaitable[T], log: Log, plugin: str, what: str) -> Generator[Any, Any, T]:
    """Await `awaitable`, and log each step between two waits that blocks the event loop."""
    steps = awaitable.__await__()
    step = steps.__next__
    arguments: tuple[Any, ...] = ()
    while True:
        began_s = monotonic()
        try:
            waited_for = step(*arguments)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            warn_if_blocking(log, plugin, what, began_s)
        step, arguments = steps.__next__, ()
        try:
            yield waited_for
        except GeneratorExit:
            _close(steps)
            raise
        except BaseException as error:  # noqa: BLE001 - handed on to the handler, which decides
            step, arguments = _thrower(steps), (error,)


def _thrower(steps: Any) -> Any:
    throw = getattr(steps, "throw", None)
    if throw is not None:
        return throw

    def raise_here(error: BaseException) -> None:
        raise error

    return raise_here


def _close(steps: Any) -> None:
    close = getattr(steps, "close", None)
    if close is not None:
        close()

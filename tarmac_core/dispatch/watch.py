"""Finds handlers that block the event loop."""

from collections.abc import Awaitable, Callable, Generator
from time import monotonic
from types import coroutine
from typing import Any, TypeVar

BLOCKING_S = 1.0
T = TypeVar("T")
Blocked = Callable[[float], None]


@coroutine
def watched(awaitable: Awaitable[T], blocked: Blocked) -> Generator[Any, Any, T]:
    """Await `awaitable`; call `blocked(seconds)` after each step between two waits that takes over a second."""
    steps = awaitable.__await__()
    step: Callable[..., Any] = steps.__next__
    arguments: tuple[Any, ...] = ()
    while True:
        began_s = monotonic()
        try:
            waited_for = step(*arguments)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            took_s = monotonic() - began_s
            if took_s > BLOCKING_S:
                blocked(took_s)
        step, arguments = steps.__next__, ()
        try:
            yield waited_for
        except GeneratorExit:
            _close(steps)
            raise
        except BaseException as error:  # noqa: BLE001 - handed on to the handler, which decides
            step, arguments = _thrower(steps), (error,)


def _thrower(steps: Any) -> Callable[..., Any]:
    def raise_here(error: BaseException) -> None:
        raise error

    throw: Callable[..., Any] = getattr(steps, "throw", raise_here)
    return throw


def _close(steps: Any) -> None:
    close = getattr(steps, "close", None)
    if close is not None:
        close()

"""Open what plugins declared, in order, and unwind it in reverse, each step by itself and within a time limit."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar, cast

from tarmac_core.plugin import Log
from tarmac_core.registry.guard import PluginFaultError, describe

T = TypeVar("T")

OPEN_LIMIT_S = 30.0
CLOSE_LIMIT_S = 10.0
CANCEL_LIMIT_S = 1.0
BLOCKED_AFTER_S = 1.0


class StepError(Exception):
    """A step could not be opened; `step` names it (`backend kvstore.redis`), the text says what happened."""

    def __init__(self, step: str, what: str) -> None:
        super().__init__(f"{step}: {what}")
        self.step = step
        self.what = what


class Lifecycle:
    """Holds what is open: `async with Lifecycle(log) as lifecycle: await lifecycle.open(...)`.

    Each step is opened and closed in one task of its own, so that task groups and cancel scopes work inside it. Closing is
    in reverse order; a step that fails to close is logged by name, and so is one that hangs, which is cancelled and, if it
    does not heed that, left behind: `left_behind` names these, and the process should then end without waiting for the
    loop's tasks. A step that blocks the event loop itself cannot be ended from inside the process: it is logged by name
    from another thread, and only the end of the process helps.
    """

    def __init__(self, log: Log, *, open_limit_s: float = OPEN_LIMIT_S, close_limit_s: float = CLOSE_LIMIT_S) -> None:
        self._log = log
        self._open_limit_s = open_limit_s
        self._close_limit_s = close_limit_s
        self._steps: list[_Step] = []
        self.left_behind: list[str] = []

    async def __aenter__(self) -> "Lifecycle":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def open_steps(self) -> tuple[str, ...]:
        """Names of what is open now, in order of opening."""
        return tuple(step.name for step in self._steps)

    async def open(
        self, kind: str, name: str, opener: Callable[..., AbstractAsyncContextManager[T]], *args: object
    ) -> T:
        """Open one thing within the usual limit and return what it yields; it stays open until `close`.

        `kind` and `name` are for messages (`backend`, `kvstore.redis`), `opener(*args)` gives the context manager. Raises
        StepError when it fails or takes longer than the limit.
        """
        return await self.open_within(self._open_limit_s, kind, name, opener, *args)

    async def open_within(
        self,
        limit_s: float | None,
        kind: str,
        name: str,
        opener: Callable[..., AbstractAsyncContextManager[T]],
        *args: object,
    ) -> T:
        """The same with a limit of its own; None for what may take as long as it needs (`before_listen` triggers)."""
        step = _Step(f"{kind} {name}", opener, args, self._log)
        self._steps.append(step)
        try:
            value = await step.open(limit_s)
        except StepError:
            if step not in self._steps:
                raise  # `close` was quicker, and has ended it
            self._steps.remove(step)
            if not await step.end(CANCEL_LIMIT_S):
                self.left_behind.append(step.name)
            raise
        return cast(T, value)

    async def close(self) -> None:
        """Close everything that is open, the last opened first; logs what goes wrong and raises nothing."""
        while self._steps:
            step = self._steps.pop()
            if not await step.close(self._close_limit_s):
                self.left_behind.append(step.name)


class _Step:
    """One opened thing, in a task that enters it, waits, and leaves it."""

    def __init__(self, name: str, opener: Callable[..., Any], args: tuple[object, ...], log: Log) -> None:
        self.name = name
        self._log = log
        self._failure: BaseException | None = None
        self._is_opened = asyncio.Event()
        self._stop = asyncio.Event()
        self._value: object = None
        self._task = asyncio.get_running_loop().create_task(self._live(opener, args), name=f"tarmac {name}")

    async def open(self, limit_s: float | None) -> object:
        """Wait until it is open; StepError when it is not."""
        with _watch(self._log, f"open of {self.name}", limit_s):
            await self._wait(limit_s, self._is_opened)
        if self._is_opened.is_set():
            return self._value
        if not self._task.done():
            raise StepError(self.name, f"open did not finish within {limit_s:g} s")
        raise StepError(
            self.name, f"open {describe(self._failure)}" if self._failure else "open gave up"
        ) from self._failure

    async def close(self, limit_s: float) -> bool:
        """Let it close; False when it does not end and is left behind."""
        if not self._is_opened.is_set():
            return await self.end(limit_s)
        self._stop.set()
        with _watch(self._log, f"close of {self.name}", limit_s):
            await self._wait(limit_s)
        if self._task.done():
            return True
        self._log.error("close of %s did not finish within %g s: cancelled", self.name, limit_s)
        return await self.end(CANCEL_LIMIT_S)

    async def end(self, limit_s: float) -> bool:
        """Cancel it, and tell whether it has ended within the limit."""
        self._stop.set()
        self._task.cancel()
        await self._wait(limit_s)
        if not self._task.done():
            self._log.error("%s does not end when it is cancelled: left behind", self.name)
        return self._task.done()

    async def _live(self, opener: Callable[..., Any], args: tuple[object, ...]) -> None:
        try:
            async with _manager(opener(*args)) as self._value:
                self._is_opened.set()
                await self._stop.wait()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit from a plugin ends its own step only
            self._ended(error)

    def _ended(self, error: BaseException) -> None:
        self._failure = error
        if not self._is_opened.is_set() or isinstance(error, asyncio.CancelledError):
            return
        what = "close of %s %s" if self._stop.is_set() else "%s ended by itself: it %s"
        self._log.error(what, self.name, describe(error), exc_info=error)

    async def _wait(self, limit_s: float | None, event: asyncio.Event | None = None) -> None:
        """Wait for the end of the task, or the event if that is earlier; never cancels the task."""
        waiters: list[asyncio.Future[Any]] = [self._task]
        if event is not None:
            waiters.append(asyncio.ensure_future(event.wait()))
        try:
            await asyncio.wait(waiters, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters[1:]:
                waiter.cancel()


def _manager(given: object) -> AbstractAsyncContextManager[object]:
    if isinstance(given, AbstractAsyncContextManager):
        return given
    if inspect.iscoroutine(given):
        given.close()
    raise PluginFaultError(
        f"gave {type(given).__name__}, not an asynchronous context manager; is @asynccontextmanager missing?"
    )


@contextmanager
def _watch(log: Log, what: str, limit_s: float | None) -> Iterator[None]:
    """Say from another thread who blocks the event loop, since the loop's own time limit cannot fire then."""
    if limit_s is None:
        yield
        return
    told = "%s blocks the event loop, %g s so far; it cannot be ended from inside the process"
    timer = threading.Timer(limit_s + BLOCKED_AFTER_S, log.error, (told, what, limit_s + BLOCKED_AFTER_S))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # at most the time of one log line; else its thread would outlive the step for a moment

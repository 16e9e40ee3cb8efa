"""Ends statements that take too long, or that nobody waits for any more, on the server as well."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

_AGAIN_S = 0.05
_PATIENCE_S = 2.0


class TimeUpError(Exception):
    """A statement was stopped because its time was up."""


class Stopper:
    """Runs statements as tasks, so that one can be stopped and its connection given back while the caller has gone."""

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms
        self._leaving: set[asyncio.Task[None]] = set()
        self._running: dict[asyncio.Future[Any], Callable[[], Awaitable[bool]]] = {}

    async def run(self, work: Awaitable[T], stop: Callable[[], Awaitable[bool]]) -> T:
        """Return what `work` returns, or raise `TimeUpError`.

        `stop` makes it end with an exception; it returns False while nothing runs on the server, so that a cancel is enough.
        """
        task = asyncio.ensure_future(work)
        self._running[task] = stop
        task.add_done_callback(self._running.pop)
        try:
            done, _ = await asyncio.wait((task,), timeout=self._timeout_ms / 1000 if self._timeout_ms else None)
        except asyncio.CancelledError:
            leaving = asyncio.create_task(_end(task, stop))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            raise
        if done:
            return task.result()
        await _end(task, stop)
        if not task.cancelled() and task.exception() is None:
            return task.result()
        raise TimeUpError

    async def close(self) -> None:
        """Stop what still runs, and wait until all of it has ended."""
        await asyncio.gather(*(_end(task, stop) for task, stop in [*self._running.items()]))
        while self._leaving:
            await asyncio.wait(self._leaving)


async def _end(task: "asyncio.Future[T]", stop: Callable[[], Awaitable[bool]]) -> None:
    loop = asyncio.get_running_loop()
    patience_ends_s = loop.time() + _PATIENCE_S
    while not task.done() and loop.time() < patience_ends_s and await stop():
        await asyncio.wait((task,), timeout=_AGAIN_S)
    # A server that does not even answer: SQLAlchemy throws the connection away.
    task.cancel()
    await asyncio.wait((task,), timeout=_PATIENCE_S)
    if task.done() and not task.cancelled():
        # Looked at, so that asyncio does not report it as never retrieved.
        task.exception()

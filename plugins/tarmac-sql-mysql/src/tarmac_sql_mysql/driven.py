"""Drives a call's coroutine without a task: it begins at once, and what it waits for takes it further."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tarmac_sql.running import AbortedError, Running

T = TypeVar("T")


class Driven(Running[T]):
    """One call. A task would cost three turns of the loop, which is more than all else on this side.

    The coroutine may await futures, as the driver does, but nothing that asks for its task (`asyncio.timeout`, `sleep(0)`).
    """

    __slots__ = ("_ended", "_is_over", "_waits_for", "_work")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        super().__init__(asyncio.get_running_loop().create_future())
        self._work = work
        self._waits_for: asyncio.Future[Any] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._is_over = False
        self._go_on()

    def _go_on(self, _done: "asyncio.Future[Any] | None" = None) -> None:
        try:
            future = self._work.send(None)
        except StopIteration as end:
            self._end()
            if not self.outcome.done():
                self.outcome.set_result(end.value)
        except asyncio.CancelledError:
            self._fail(AbortedError())
        except Exception as error:  # noqa: BLE001 - handed to who awaits the outcome
            self._fail(error)
        else:
            # The mark by which a task knows that a future was awaited, and not yielded by mistake.
            future._asyncio_future_blocking = False
            self._waits_for = future
            future.add_done_callback(self._go_on)

    def _fail(self, error: Exception) -> None:
        self._end()
        if not self.outcome.done():
            self.outcome.set_exception(error)

    def _end(self) -> None:
        self._waits_for = None
        self._is_over = True
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    async def ended(self) -> None:
        """Wait for the coroutine's end."""
        if not self._is_over:
            self._ended = self._ended or self.outcome.get_loop().create_future()
            await asyncio.wait((self._ended,))

    def abort(self) -> None:
        """Cancel what it waits for."""
        if self._waits_for is not None:
            self._waits_for.cancel()

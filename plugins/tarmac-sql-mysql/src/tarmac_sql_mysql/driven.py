"""Drives a call's coroutine without a task: it begins at once, and what it waits for takes it further."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from tarmac_sql.running import AbortedError, Running

T = TypeVar("T")


class Arrival:
    """What a driven call waits for when it waits for data: it goes on where they come, without a turn of the loop."""

    __slots__ = ("_go_on", "_is_cancelled", "_is_done")

    def __init__(self) -> None:
        self._go_on: Callable[[], None] | None = None
        self._is_done = self._is_cancelled = False

    def __await__(self) -> Generator["Arrival", None, None]:
        yield self
        if self._is_cancelled:
            raise asyncio.CancelledError

    def then(self, go_on: Callable[[], None]) -> None:
        """Whom to take further."""
        self._go_on = go_on

    def done(self) -> bool:
        """Whether the data came, or nobody waits any more."""
        return self._is_done

    def set_result(self, _nothing: None) -> None:
        """The data came; this is how the driver says it to a future."""
        self._is_done = True
        if self._go_on is not None:
            self._go_on()

    def cancel(self) -> None:
        """Wait no more."""
        self._is_cancelled = True
        self.set_result(None)


class Driven(Running[T]):
    """One call. A task would cost three turns of the loop, which is more than all else on this side.

    The coroutine may await futures and arrivals, but nothing that asks for its task (`asyncio.timeout`, `sleep(0)`).
    """

    __slots__ = ("_ended", "_is_over", "_waits_for", "_work")

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        super().__init__(asyncio.get_running_loop().create_future())
        self._work = work
        self._waits_for: asyncio.Future[Any] | Arrival | None = None
        self._ended: asyncio.Future[None] | None = None
        self._is_over = False
        self._go_on()

    def _go_on(self, _done: "asyncio.Future[Any] | None" = None) -> None:
        try:
            waits_for = self._work.send(None)
        except StopIteration as end:
            self._end()
            if not self.outcome.done():
                self.outcome.set_result(end.value)
        except asyncio.CancelledError:
            self._fail(AbortedError())
        except Exception as error:  # noqa: BLE001 - handed to who awaits the outcome
            self._fail(error)
        else:
            self._waits_for = waits_for
            if isinstance(waits_for, Arrival):
                waits_for.then(self._go_on)
                return
            # The mark by which a task knows that a future was awaited, and not yielded by mistake.
            waits_for._asyncio_future_blocking = False
            waits_for.add_done_callback(self._go_on)

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

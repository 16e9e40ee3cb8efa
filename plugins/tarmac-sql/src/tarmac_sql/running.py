"""A call at work on a connection, which goes on when its caller has gone."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class AbortedError(Exception):
    """A call was given up, since its server did not even answer the wish to stop it."""


class Running(ABC, Generic[T]):
    """One call. `outcome` is what its caller awaits, and may stop awaiting: that alone ends nothing."""

    __slots__ = ("outcome",)

    def __init__(self, outcome: "asyncio.Future[T]") -> None:
        self.outcome = outcome

    @abstractmethod
    async def ended(self) -> None:
        """Return when the call uses its connection no more, however it ended; raises nothing of it."""

    @abstractmethod
    def abort(self) -> None:
        """Make it end without the server's help, as far as that can be; its connection is thrown away then."""


class RunningTask(Running[T]):
    """A call that is a coroutine, in a task of its own."""

    __slots__ = ("_task",)

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop.create_future())
        self._task = loop.create_task(work)
        self._task.add_done_callback(self._hand_over)

    def _hand_over(self, task: "asyncio.Task[T]") -> None:
        # The exception is looked at in any case, so that asyncio does not report one that nobody waits for.
        error = AbortedError() if task.cancelled() else task.exception()
        if self.outcome.done():
            return
        if error is None:
            self.outcome.set_result(task.result())
        else:
            self.outcome.set_exception(error)

    async def ended(self) -> None:
        """Wait for the task."""
        await asyncio.wait((self._task,))

    def abort(self) -> None:
        """Cancel the task, wherever it waits."""
        self._task.cancel()

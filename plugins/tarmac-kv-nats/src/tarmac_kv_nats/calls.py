"""Requests on their way: each has a limit, and all can be cut short when their connection ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Calls:
    """What is being waited for, at most `limit_s` seconds each, or for ever with None."""

    def __init__(self, limit_s: float | None) -> None:
        self._limit_s = limit_s
        self._running: dict[asyncio.Timeout, str] = {}
        self._causes: dict[asyncio.Timeout, Callable[[], Exception]] = {}
        self._emptied: asyncio.Event | None = None

    async def run(self, subject: str, answer: Awaitable[T]) -> T:
        """Wait for the answer to a request on `subject`. Raises TimeoutError, or what the cause given to `cut` makes."""
        limit = asyncio.timeout(self._limit_s)
        try:
            async with limit:
                self._running[limit] = subject
                return await answer
        except TimeoutError as error:
            if (cause := self._causes.get(limit)) is not None:
                raise cause() from error
            raise
        finally:
            del self._running[limit]
            self._causes.pop(limit, None)
            if self._emptied is not None and not self._running:
                self._emptied.set()

    def cut(self, cause: Callable[[], Exception], *, named_in: str = "", after_s: float = 0.0) -> None:
        """End calls with what `cause` makes: all, or those whose subject is in the text `named_in`, in any letter case."""
        end_s = asyncio.get_running_loop().time() + after_s
        for limit, subject in self._running.items():
            when_s = limit.when()
            is_later = when_s is None or when_s > end_s
            if is_later and not limit.expired() and (not named_in or subject.lower() in named_in.lower()):
                self._causes[limit] = cause
                limit.reschedule(end_s)

    async def finish(self, cause: Callable[[], Exception], limit_s: float) -> None:
        """Wait until there are none any more; those that take longer than `limit_s` end with what `cause` makes."""
        if self._running:
            self._emptied = asyncio.Event()
            self.cut(cause, after_s=limit_s)
            await self._emptied.wait()

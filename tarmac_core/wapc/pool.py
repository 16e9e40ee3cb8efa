"""Who gets an instance: idle ones first, the last used first; new ones up to a number; then first come, first served."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from tarmac_core.wapc.errors import GuestError


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


class Pool(Generic[T]):
    """Instances of one guest, on one event loop.

    `idle` may be popped from and appended to directly by who gives back before anything else runs. Nobody waits while an
    instance is idle or may be made. What is out, or given to who waits and not yet taken, is in use.
    """

    def __init__(self, size: int, queue_length: int) -> None:
        self.idle: list[T] = []
        self.count = 0
        self.made = 0
        self._size, self._queue_length = size, queue_length
        self._waiters: deque[asyncio.Future[T | None]] = deque()
        self._in_use: set[T] = set()
        self.is_closed = False

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    async def acquire(self, make: Callable[[], Awaitable[T]]) -> T:
        """An instance, idle, made, or given back by another call. Raises GuestError `queue_full` or `closed`."""
        if self.is_closed:
            raise _closed()
        if self.idle:
            instance = self.idle.pop()
        elif self.count < self._size:
            self.count += 1
            instance = await self._make(make)
        else:
            instance = await self._wait() or await self._make(make)
        if self.is_closed:  # since the instance was given
            self.discard(instance)
            raise _closed()
        self._in_use.add(instance)
        return instance

    async def add(self, make: Callable[[], Awaitable[T]]) -> None:
        """Make one more, for later."""
        self.count += 1
        self.put_back(await self._make(make))

    def lend(self, instance: T) -> None:
        """An instance that was popped from `idle` stays away for longer."""
        self._in_use.add(instance)

    async def _make(self, make: Callable[[], Awaitable[T]]) -> T:
        """A place in `count` is taken; it is given up if nothing comes of it."""
        if self.is_closed:
            self.count -= 1
            raise _closed()
        try:
            instance = await make()
        except BaseException:
            self._place_is_free()
            raise
        if self.is_closed:
            instance.close()
            self.count -= 1
            raise _closed()
        self.made += 1
        return instance

    async def _wait(self) -> T | None:
        """An instance, or None: a place for one."""
        if len(self._waiters) >= self._queue_length:
            raise GuestError("queue_full", f"{self._size} instances are busy and {len(self._waiters)} calls wait")
        waiter: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except BaseException:  # GeneratorExit too: a coroutine that is dropped must not swallow an instance
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:  # given something, too late
                self._pass_on(waiter.result())
            raise

    def _pass_on(self, instance: T | None) -> None:
        if instance is None:
            self._place_is_free()
        else:
            self.put_back(instance)

    def _next(self) -> "asyncio.Future[T | None] | None":
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def put_back(self, instance: T) -> None:
        """The instance is good for another call."""
        self._in_use.discard(instance)
        if self.is_closed:
            instance.close()
            self.count -= 1
        elif (waiter := self._next()) is not None:
            self._in_use.add(instance)
            waiter.set_result(instance)
        else:
            self.idle.append(instance)

    def discard(self, instance: T) -> None:
        """The instance is not; it is closed, and another may be made in its place."""
        self._in_use.discard(instance)
        instance.close()
        self._place_is_free()

    def _place_is_free(self) -> None:
        waiter = None if self.is_closed else self._next()
        if waiter is not None:
            waiter.set_result(None)
        else:
            self.count -= 1

    def close(self) -> None:
        """Close all instances; calls that run or wait end with GuestError `closed`."""
        self.is_closed = True
        while (waiter := self._next()) is not None:
            waiter.set_exception(_closed())
        for instance in self._in_use:
            instance.close()
        self.count -= len(self.idle)
        while self.idle:
            self.idle.pop().close()


def _closed() -> GuestError:
    return GuestError("closed", "the function was closed")

"""A function: a compiled module and its pool of instances."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from tarmac_core.wapc import _fiber, failure
from tarmac_core.wapc.errors import GuestError
from tarmac_core.wapc.instance import Instance
from tarmac_core.wapc.pool import Pool
from tarmac_core.wapc.program import Program
from tarmac_core.wapc.run import NOT_ASKED, Run, reply
from tarmac_core.wapc.settings import GuestStats, HostCall, HostReply
from tarmac_core.wapc.steps import Step

T = TypeVar("T")

_AT_ONCE, _AT_ONCE_TICKS = 16, 2  # host calls answered before the loop is thought of


class Guest:
    """Made by `Engine.load`. All calls come from one event loop."""

    def __init__(self, program: Program) -> None:
        self.name = program.name
        self._program = program
        limits = program.limits
        self._pool: Pool[Instance] = Pool(limits.pool_size, limits.queue_length)
        self._is_reused = limits.isolation == "reused"
        self._runtime = program.host.runtime
        self._scopes: set[asyncio.Timeout] = set()  # of all calls that are not on the fast path
        self._idle: list[Instance] = self._pool.idle if self._is_reused else []  # empty: no fast path

    async def call(
        self, operation: bytes, payload: bytes, host_call: HostCall, *, deadline_s: float | None = None
    ) -> bytes:
        """The function's answer.

        operation: at most 64 KiB. payload: at most `max_request_bytes`. host_call: answers what the function asks for, on the
        event loop. deadline_s: the loop's time at which the call must be over. Raises GuestError, or whatever `host_call`
        raises; an instance is used again only after an answer or an error of the function's own.
        """
        if not self._idle:
            return await self._within(deadline_s, self._acquire_and_call(operation, payload, host_call, deadline_s))
        # Nothing else runs between here and the answer as long as nothing waits: no task, no timer, no queue.
        instance = self._idle.pop()
        answer: object = NOT_ASKED
        try:
            step = instance.call(operation, payload)
            if type(step) is bytes:
                self._idle.append(instance)
                return step
            if type(step) is tuple:
                latest = self._runtime.ticks + _AT_ONCE_TICKS
                for _ in range(_AT_ONCE):
                    answer = host_call(*step)
                    if type(answer) is bytes:
                        step = instance.reply(True, answer, b"")
                    elif type(answer) is HostReply:
                        step = reply(instance.fiber, answer)
                    else:
                        break
                    answer = NOT_ASKED
                    if type(step) is not tuple or self._runtime.ticks >= latest:
                        break
        except BaseException:
            self._pool.discard(instance)
            raise
        if type(step) is bytes:
            self._pool.put_back(instance)  # the handler may have closed the guest, or begun a call that waits
            return step
        self._pool.lend(instance)
        rest = self._to_end(instance, step, answer, (operation, payload, host_call, deadline_s))
        return await self._within(deadline_s, rest)

    async def _within(self, deadline_s: float | None, work: Awaitable[T]) -> T:
        """Ends the work at the deadline, and when the guest is closed, whatever it waits for."""
        scope = asyncio.timeout_at(0 if self._pool.is_closed else deadline_s)  # a handler may have closed it just now
        self._scopes.add(scope)
        try:
            async with scope:
                return await work
        except TimeoutError:
            if not scope.expired():
                raise
            if self._pool.is_closed:
                raise GuestError("closed", "the function was closed") from None
            raise GuestError("timeout", "time limit reached") from None
        finally:
            self._scopes.discard(scope)

    async def _acquire_and_call(
        self, operation: bytes, payload: bytes, host_call: HostCall, deadline_s: float | None
    ) -> bytes:
        instance = await self._pool.acquire(lambda: self._make(host_call, deadline_s))
        try:
            step = instance.call(operation, payload)
        except BaseException:
            self._pool.discard(instance)
            raise
        return await self._to_end(instance, step, NOT_ASKED, (operation, payload, host_call, deadline_s))

    async def _make(self, host_call: HostCall, deadline_s: float | None) -> Instance:
        instance = Instance(self._program)
        await instance.start(host_call, deadline_s)
        return instance

    async def _to_end(
        self,
        instance: Instance,
        step: Step,
        answer: object,
        call: tuple[bytes, bytes, HostCall, float | None],
    ) -> bytes:
        """From a call's first step, perhaps with an answer to it on its way, to its one outcome."""
        operation, payload, host_call, deadline_s = call
        try:
            end = await Run(instance, host_call, deadline_s).to_end(step, answer)
            instance.output.flush()
            if isinstance(end, bytes):
                result: bytes | GuestError = end
            elif end == _fiber.LAST_ANSWER:
                result = instance.fiber.answer()
            elif end == _fiber.TOO_LARGE:
                result = failure.too_large(operation, payload, self._program.host.settings)
            else:
                result = instance.failure(end, operation)
        except BaseException:
            self._pool.discard(instance)
            raise
        is_good = not isinstance(end, int) or end in (_fiber.GUEST_ERROR, _fiber.UNSUCCESSFUL, _fiber.TOO_LARGE)
        if is_good and self._is_reused and not instance.fiber.worn:
            self._pool.put_back(instance)
        else:
            self._pool.discard(instance)
        if isinstance(result, GuestError):
            raise result
        return result

    async def warm(self, host_call: HostCall) -> None:
        """Make `min_instances`; host_call answers their start functions. Raises GuestError when one fails."""
        limits = self._program.limits
        while self._pool.count < min(limits.min_instances, limits.pool_size):
            await self._within(None, self._pool.add(lambda: self._make(host_call, None)))
            await asyncio.sleep(0)  # an instance is made on the loop: let others have their turn

    def counts(self) -> tuple[int, int, int]:
        """Of `stats`: instances alive, calls that wait for one, instances ever made. Can be asked after each call."""
        return self._pool.count, self._pool.waiting, self._pool.made

    def stats(self) -> GuestStats:
        """Counts, at this moment. Every idle instance is asked for its memory."""
        pool = self._pool
        memory_bytes = sum(instance.memory_bytes() for instance in pool.idle)
        return GuestStats(pool.count, len(pool.idle), pool.waiting, pool.made, memory_bytes)

    async def close(self) -> None:
        """Close all instances; calls that run or wait end with GuestError `closed`. Drain first. Again is nothing.

        A handler that such a call waits for is cancelled. One that calls this ends its own call.
        """
        self._pool.close()
        now_s = asyncio.get_running_loop().time()
        for scope in self._scopes:
            if not scope.expired():
                scope.reschedule(now_s)
        await asyncio.sleep(0)

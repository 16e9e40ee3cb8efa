"""From a call's first pending step to its end: answers host calls, sleeps, logs, sends what computes to a worker."""

import asyncio
import struct
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final, Protocol

from tarmac_core.wapc import _fiber, output, steps
from tarmac_core.wapc.errors import GuestError
from tarmac_core.wapc.settings import HostCall, HostReply
from tarmac_core.wapc.steps import Step

if TYPE_CHECKING:
    from tarmac_core.wapc.instance import Instance

_ABSOLUTE, _REALTIME = 1, 0
_LONGEST_SLEEP_S = 86400.0 * 365


class Spinner(Protocol):
    def run(self, fiber: _fiber.Fiber, /) -> Awaitable[Step]: ...


NOT_ASKED: Final = object()


def reply(fiber: _fiber.Fiber, answer: object) -> Step:
    """Give a host call's answer to the guest, and run it on. Raises TypeError for what is none."""
    if isinstance(answer, HostReply):
        return fiber.reply(answer.ok, answer.payload, answer.error.encode(errors="replace"))
    if isinstance(answer, bytes):
        return fiber.reply(True, answer, b"")
    raise TypeError(
        f"the handler of a host call gave {type(answer).__name__}; it must give bytes, a HostReply, or an awaitable of one"
    )


class Run:
    """One call, or one start function, of one instance.

    deadline_s: the loop's time at which it must be over, or None. `asyncio.timeout_at` interrupts what waits; here it is
    looked at too, since a handler may swallow its cancellation.
    """

    __slots__ = ("_began", "_born_ns", "_deadline_s", "_fiber", "_host_call", "_output", "_runtime", "_workers")

    def __init__(self, instance: "Instance", host_call: HostCall, deadline_s: float | None) -> None:
        host = instance.program.host
        self._born_ns = instance.born_ns
        self._fiber, self._output = instance.fiber, instance.output
        self._runtime, self._workers = host.runtime, instance.spinner
        self._host_call, self._deadline_s = host_call, deadline_s
        self._began = host.runtime.ticks

    async def to_end(self, step: Step, answer: object = NOT_ASKED) -> bytes | int:
        """The answer, or the negative step that ended it. Whatever it raises, the instance must be closed.

        answer: what the handler of the host call in `step` gave, if it was asked already.
        """
        if answer is not NOT_ASKED:
            step = await self._reply(answer)
        while not isinstance(step, bytes):
            if self._runtime.ticks - self._began > 1:  # what is answered at once must not keep the loop
                await asyncio.sleep(0)
                self._turn()
            if isinstance(step, tuple):
                step = await self._reply(self._host_call(*step))
            elif step == _fiber.YIELDED:
                step = await self._workers.run(self._fiber)
                self._turn()
            elif step < 0:
                return step
            else:
                await self._pending(step)
                step = self._fiber.resume()
        return step

    def _turn(self) -> None:
        """The loop had its turn."""
        self._began = self._runtime.ticks
        if self._deadline_s is not None and asyncio.get_running_loop().time() >= self._deadline_s:
            raise GuestError("timeout", "time limit reached")

    async def _reply(self, answer: object) -> Step:
        if isinstance(answer, Awaitable):
            answer = await answer
            self._turn()
        return reply(self._fiber, answer)

    async def _pending(self, kind: int) -> None:
        if kind == steps.SLEEP:
            await asyncio.sleep(self._sleep_s())
            self._turn()
        elif kind == steps.ABORT:
            self._output.flush()
            text = output.abort_text(self._fiber)
            raise GuestError("abort", f"the function aborted: {text}", text)
        else:
            self._output.take(kind, self._fiber)

    def _sleep_s(self) -> float:
        clock, flags = struct.unpack("II", self._fiber.read(steps.NUMBERS_AT, 8))
        duration_ns: int
        (duration_ns,) = struct.unpack("Q", self._fiber.read(steps.NANOSECONDS_AT, 8))
        if flags & _ABSOLUTE:
            now_ns = time.time_ns() if clock == _REALTIME else time.monotonic_ns() - self._born_ns
            duration_ns = max(0, duration_ns - now_ns)
        return min(duration_ns / 1e9, _LONGEST_SLEEP_S)

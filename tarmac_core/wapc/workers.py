"""Threads that poll guests which compute, so that the event loop goes on.

Started when first needed. They are daemons: an exit of the process does not wait for a guest that never stops.
"""

import asyncio
import contextlib
import queue
import threading

from tarmac_core.wapc._fiber import Fiber
from tarmac_core.wapc.errors import EngineError
from tarmac_core.wapc.steps import Step

_Job = tuple[Fiber, asyncio.AbstractEventLoop, "asyncio.Future[Step]"]


class Workers:
    """At most `count` threads, named `guest-N`."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_closed = False

    def run(self, fiber: Fiber) -> "asyncio.Future[Step]":
        """The step at which a fiber stops next. On the event loop; whoever cancels it closes the fiber.

        Raises EngineError when there is no thread and none can be started.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Step] = loop.create_future()
        if self._is_closed:  # nobody takes jobs any more
            fiber.close()
            future.set_result(fiber.spin())
            return future
        if len(self._threads) < self._count:
            self._start_thread()
        fiber.queue()
        self._jobs.put((fiber, loop, future))
        return future

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"guest-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            if self._threads:  # fewer will do; the next call tries again
                return
            raise EngineError(
                f"no thread can be started for functions that compute: {error}; allow more (ulimit -u)"
            ) from error
        self._threads.append(thread)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            _poll(*job)
            del job
        self._jobs.put(None)  # for the next: a thread whose start a signal interrupted runs too, and is in no list

    def close(self) -> None:
        """Wait for every thread; close the fibers first, and stop the ticker later, or one may never return."""
        self._is_closed = True
        self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()


def _poll(fiber: Fiber, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Step]") -> None:
    try:
        step = fiber.spin()
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller, on the loop
        _tell(loop, future, None, error)
    else:
        _tell(loop, future, step, None)


def _tell(
    loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Step]", step: Step | None, error: BaseException | None
) -> None:
    def settle() -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        elif step is not None:
            future.set_result(step)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(settle)

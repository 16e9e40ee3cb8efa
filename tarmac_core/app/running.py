"""A server's life from the command to the exit code: signals, job mode, draining."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from types import FrameType
from typing import Any, TextIO

from tarmac_core.app.app import App
from tarmac_core.app.options import Options, read_options
from tarmac_core.config import CoreSettings, bind

SUCCESS, FAILURE = 0, 1
TOGETHER_S = 0.1
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """The first SIGTERM or SIGINT asks for a stop; while the server still starts it cancels that. The second ends all.

    Two that come together are one: `timeout`, a terminal and some supervisors signal a process and its group.
    Handlers of `signal` rather than of the loop: the second one must work although something blocks the loop.
    """

    def __init__(self, starting: "asyncio.Task[int]") -> None:
        self.received: int | None = None
        self._received_s = 0.0
        self.has_started = False
        self._starting = starting
        self._loop = asyncio.get_running_loop()
        self._asked = asyncio.Event()

    async def wait(self) -> int:
        """Return the number of the signal once one has come."""
        await self._asked.wait()
        return self.received or 0

    def handle(self, number: int, _: FrameType | None) -> None:
        """Take one signal; runs on the main thread between two instructions."""
        now_s = monotonic()
        if self.received is not None:
            if now_s - self._received_s > TOGETHER_S:
                os._exit(FAILURE)
            return
        self.received, self._received_s = number, now_s
        self._loop.call_soon_threadsafe(self._ask)

    def _ask(self) -> None:
        self._asked.set()
        if not self.has_started:
            self._starting.cancel()


async def serve(options: Options, *, stream: TextIO | None = None) -> int:
    """Serve until a signal, or run a job to its end; return the exit code.

    Raises what `App.open` raises. Runs on the main thread, since signals are caught there.
    """
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("serve runs in a task")
    with _caught(task) as signals:
        try:
            async with App.open(options, stream=stream) as app:
                asyncio.get_running_loop().set_exception_handler(partial(_log_unhandled, app))
                return await _live(app, signals)
        except asyncio.CancelledError:
            if signals.received is None:
                raise
            task.uncancel()
            return FAILURE if _is_job(options) else SUCCESS


async def _live(app: App, signals: Signals) -> int:
    await app.start()
    if app.core.run_mode == "job":
        app.log.info("Run mode is job, exiting after init function execution")
        return SUCCESS
    await app.listen()
    signals.has_started = True
    number = await signals.wait()
    app.log.info("Received shutdown signal", extra={"signal": number})
    await app.drain()
    return SUCCESS


def _log_unhandled(app: App, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a plugin's own task or callback raised and nobody awaited."""
    app.log.error("Unhandled error: %s", context["message"], exc_info=context.get("exception"))


@contextmanager
def _caught(starting: "asyncio.Task[int]") -> Iterator[Signals]:
    signals = Signals(starting)
    before = {number: signal.signal(number, signals.handle) for number in _SIGNALS}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_job(options: Options) -> bool:
    """A job that was interrupted has not done its work, a server that was told to stop has."""
    raw, _ = read_options(options)
    core = bind(CoreSettings, "", raw).settings
    return core is not None and core.run_mode == "job"

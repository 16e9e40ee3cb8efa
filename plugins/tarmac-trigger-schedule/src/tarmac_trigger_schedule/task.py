"""One scheduled task: wait until it is due, call its function, and again."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from tarmac_core.plugin import Context, InvocationError, TaskFinished
from tarmac_trigger_schedule.route import ScheduledTaskRoute

ROUTE_TYPE = "scheduled_task"
TRACE = 5

# A cron line is due by the wall clock, which may be set while the task sleeps on the loop's clock: look at it this often.
LONGEST_SLEEP_S = 30.0


class ScheduledTask:
    """Calls the function of one route until `stopping` is set.

    Runs never overlap. A `frequency` counts from one start to the next, and a run that takes longer delays the next one;
    a cron line's times that pass during a run are skipped. `wall` gives seconds since the epoch.
    """

    def __init__(
        self,
        route: ScheduledTaskRoute,
        context: Context,
        stopping: asyncio.Event,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._route = route
        self._context = context
        self._stopping = stopping
        self._now_s = wall if route.cron else context.clock
        self._fields = {"function": route.function}

    async def repeat(self) -> None:
        """Run for as long as the server serves; a failing run is logged and counted, and the next comes all the same."""
        interval = self._route.cron or self._route.frequency
        self._context.log.info("Scheduling custom task for function", extra={**self._fields, "interval": interval})
        base_s = self._now_s()
        while await self._reached(self._next_s(base_s)):
            started_s = self._now_s()
            await self._run()
            base_s = self._now_s() if self._route.cron else started_s

    def _next_s(self, base_s: float) -> float:
        if self._route.cron:
            from tarmac_trigger_schedule.times import next_time_s  # noqa: PLC0415 - the parser costs start-up time

            return next_time_s(self._route.cron, after_s=base_s)
        return base_s + (self._route.frequency or 0)

    async def _reached(self, due_s: float) -> bool:
        """Wait for that time; False when the server stops first."""
        while not self._stopping.is_set() and (remaining_s := due_s - self._now_s()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), min(remaining_s, LONGEST_SLEEP_S))
        return not self._stopping.is_set()

    async def _run(self) -> None:
        self._context.log.log(TRACE, "Executing Scheduled Task", extra=self._fields)
        started_s = self._context.clock()
        outcome = await self._call()
        duration_ms = (self._context.clock() - started_s) * 1000
        self._context.observe(TaskFinished(self._route.function, ROUTE_TYPE, outcome, duration_ms))

    async def _call(self) -> str:
        try:
            await self._context.invoke(self._route.function, b"", origin=ROUTE_TYPE)
        except InvocationError as error:
            fields = {**self._fields, "error": error.message}
            self._context.log.error("Error executing Scheduled Task: %s", error, extra=fields)  # noqa: TRY400
            return error.kind
        except Exception:
            # Not the function's fault but a fault of the server: with its traceback, and the schedule goes on.
            self._context.log.exception("Error executing Scheduled Task", extra=self._fields)
            return "abnormal"
        return "ok"

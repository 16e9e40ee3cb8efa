"""What this distribution declares to Tarmac."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from tarmac_core.plugin import Context, PluginInfo, PluginSettings, TriggerSpec, hookimpl
from tarmac_trigger_schedule.route import ScheduledTaskRoute
from tarmac_trigger_schedule.task import ROUTE_TYPE, ScheduledTask


class SchedulePlugin:
    """Entry point `schedule`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """No settings."""
        return PluginInfo(name="schedule")

    @hookimpl
    def tarmac_triggers(self, settings: PluginSettings) -> Iterable[TriggerSpec]:
        """One trigger for all routes of type `scheduled_task`."""
        return [TriggerSpec(route_type=ROUTE_TYPE, route_model=ScheduledTaskRoute, open=open_schedule)]


@asynccontextmanager
async def open_schedule(
    settings: PluginSettings, routes: Sequence[ScheduledTaskRoute], context: Context
) -> AsyncIterator[None]:
    """Start a task for each route. Closing starts no further run and waits for those that have begun.

    Core limits that wait by cancelling it; then the runs are cancelled too.
    """
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(ScheduledTask(route, context, stopping).repeat()) for route in routes]
    try:
        yield
    finally:
        stopping.set()
        await _finish(tasks)


async def _finish(tasks: Sequence[asyncio.Task[None]]) -> None:
    try:
        for task in tasks:
            await asyncio.wait([task])
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception):
            raise result

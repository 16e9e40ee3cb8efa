"""What this distribution declares to Tarmac, and the attempts that it makes."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager

from pydantic import Field

from tarmac_core.plugin import (
    Context,
    InvocationError,
    OpenError,
    PluginInfo,
    PluginSettings,
    RouteModel,
    TaskFinished,
    TriggerSpec,
    hookimpl,
)

ROUTE_TYPE = "init"
LONGEST_DELAY_S = 30.0


class InitRoute(RouteModel):
    """A function that must succeed once before the server listens."""

    frequency: int = Field(
        1, ge=0, le=31_536_000, description="Seconds before the second attempt; doubled for each further one. 0 is 1."
    )
    retries: int = Field(0, ge=0, le=1_000_000, description="Attempts after the first.")


class InitError(OpenError):
    """An init function failed as often as it was allowed to; the start ends here."""


class InitPlugin:
    """Entry point `init`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """No settings."""
        return PluginInfo(name=ROUTE_TYPE)

    @hookimpl
    def tarmac_triggers(self, settings: PluginSettings) -> Iterable[TriggerSpec]:
        """One trigger; its work is done when `open` yields."""
        return [TriggerSpec(route_type=ROUTE_TYPE, route_model=InitRoute, phase="before_listen", open=open_init)]


@asynccontextmanager
async def open_init(settings: PluginSettings, routes: Sequence[InitRoute], context: Context) -> AsyncIterator[None]:
    """Run one function after the other, in the manifest's order. Raises `InitError` for the first that does not succeed."""
    for route in routes:
        started_s = context.clock()
        outcome = await _attempt(route, context)
        duration_ms = (context.clock() - started_s) * 1000
        context.observe(TaskFinished(route.function, ROUTE_TYPE, outcome, duration_ms))
        if outcome != "ok":
            raise InitError(f"init function {route.function} exceeded retries")
    yield


def delays_s(frequency_s: int, jitter: Callable[[], float]) -> Iterator[float]:
    """Seconds to wait before each further attempt, without end: doubling from `frequency_s`, spread by 20 %, at most 30.

    `jitter` gives numbers from -1 to 1.
    """
    delay_s = float(frequency_s or 1)
    while True:
        yield min(delay_s * (1 + 0.2 * jitter()), LONGEST_DELAY_S)
        delay_s = min(delay_s * 2, LONGEST_DELAY_S)


async def _attempt(route: InitRoute, context: Context) -> str:
    delays = delays_s(route.frequency, lambda: random.uniform(-1, 1))  # noqa: S311 - spreads load, guards nothing
    fields = {"function": route.function}
    for remaining in range(route.retries, -1, -1):
        context.log.info("Executing Init Function", extra=fields)
        try:
            await context.invoke(route.function, b"", origin=ROUTE_TYPE)
        except InvocationError as error:
            context.log.error("Error executing Init Function: %s", error, extra={**fields, "error": error.message})  # noqa: TRY400 - the message says it all
            outcome: str = error.kind
        else:
            return "ok"
        if remaining:
            await asyncio.sleep(next(delays))
    return outcome

"""Remote sources of settings: opened before everything else, read once, then listened to."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tarmac_core.app.inspection import Local
from tarmac_core.app.logs import make_log
from tarmac_core.config import Raw
from tarmac_core.dispatch import Dispatcher, Observers, with_fields
from tarmac_core.plugin import ConfigSource, ConfigSourceSpec, Context, PluginSettings
from tarmac_core.registry import Lifecycle

Changed = Callable[[Raw], None]


@dataclass(slots=True)
class OpenedSource:
    """A source that answers, and what it said last; `place` names it beside each of its values."""

    place: str
    source: ConfigSource
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sources:
    """Every opened source, below what environment and file say (`local`)."""

    local: Raw
    opened: tuple[OpenedSource, ...]

    def merged(self) -> Raw:
        """The settings with what each source said last; the first source wins over the next."""
        raw = self.local
        for one in self.opened:
            raw = raw.with_remote(one.values, one.place)
        return raw

    @asynccontextmanager
    async def following(self, changed: Changed, context: Context) -> AsyncIterator[None]:
        """Call `changed` with the settings as they are after each change, until the block ends."""
        tasks = [
            asyncio.create_task(self._follow(one, changed, context), name=f"config {one.place}") for one in self.opened
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, one: OpenedSource, changed: Changed, context: Context) -> None:
        try:
            async for values in one.source.changes():
                one.values = values
                changed(self.merged())
        except Exception:
            context.log.exception("Configuration source no longer followed", extra={"source": one.place})


async def open_sources(local: Local, lifecycle: Lifecycle, context: Context) -> Sources:
    """Open the sources that `select_sources` found; raises StepError for one that does not."""
    opened: list[OpenedSource] = []
    for one in local.sources.declared:
        own = replace(context, log=with_fields(context.log, {"plugin": one.plugin.name}))
        opened += [
            await lifecycle.open("config source", spec.name, _opened, spec, one.settings, own)
            for spec in one.config_sources
        ]
    return Sources(local.raw, tuple(opened))


async def asked(local: Local) -> Raw:
    """The settings with what the sources say now, for a look without a server; what they log goes to standard error."""
    log = make_log(level=logging.WARNING, is_text=True, stream=sys.stderr)
    observers, clock = Observers(log), asyncio.get_running_loop().time
    invoke = Dispatcher(log=log, observers=observers, clock=clock).call
    context = Context(log, invoke, observers.emit, local.options.cwd / local.core.data_dir, clock)
    limit_s = local.core.plugin_timeout_s
    async with Lifecycle(log, open_limit_s=limit_s, close_limit_s=limit_s) as lifecycle:
        return (await open_sources(local, lifecycle, context)).merged()


@asynccontextmanager
async def _opened(spec: ConfigSourceSpec, settings: PluginSettings, context: Context) -> AsyncIterator[OpenedSource]:
    """Open a source and read it, so that both have a time limit and a failure of either names it."""
    async with spec.open(settings, context) as source:
        yield OpenedSource(f"{spec.name} {spec.place}".rstrip(), source, await source.read())

"""Remote sources of settings: opened before everything else, read once, then listened to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tarmac_core.app.selection import Selected
from tarmac_core.config import Raw
from tarmac_core.dispatch import with_fields
from tarmac_core.plugin import ConfigSource, Context
from tarmac_core.registry import Lifecycle

Changed = Callable[[Raw], None]


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source that answers, and the settings below which its values go."""

    name: str
    source: ConfigSource


async def open_sources(selected: Selected, lifecycle: Lifecycle, context: Context) -> list[OpenedSource]:
    """Open the sources that `select_sources` found; raises StepError for one that does not."""
    opened: list[OpenedSource] = []
    for one in selected.declared:
        own = replace(context, log=with_fields(context.log, {"plugin": one.plugin.name}))
        for spec in one.config_sources:
            source = await lifecycle.open("config source", spec.name, spec.open, one.settings, own)
            opened.append(OpenedSource(spec.name, source))
    return opened


async def with_sources(raw: Raw, sources: list[OpenedSource]) -> Raw:
    """Put what the sources say below environment and file; the first source wins over the next."""
    for one in sources:
        raw = raw.with_remote(await one.source.read(), one.name)
    return raw


@asynccontextmanager
async def following(raw: Raw, sources: list[OpenedSource], changed: Changed, context: Context) -> AsyncIterator[None]:
    """Call `changed` with the settings as they are after each change, until the block ends."""
    tasks = [asyncio.create_task(_follow(raw, one, changed, context), name=f"config {one.name}") for one in sources]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(raw: Raw, one: OpenedSource, changed: Changed, context: Context) -> None:
    try:
        async for values in one.source.changes():
            changed(raw.with_remote(values, one.name))
    except Exception:
        context.log.exception("Configuration source no longer followed", extra={"source": one.name})

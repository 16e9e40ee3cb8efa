"""Remote sources of settings: opened before everything else, read once, then listened to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tarmac_core.app.errors import ConfigurationError
from tarmac_core.app.selection import load_source, requested_sources
from tarmac_core.config import Raw
from tarmac_core.dispatch import with_fields
from tarmac_core.plugin import ConfigSource, Context, Problem
from tarmac_core.registry import Catalog, Lifecycle

Changed = Callable[[Raw], None]


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source that answers, and the settings below which its values go."""

    name: str
    source: ConfigSource


async def open_sources(raw: Raw, catalog: Catalog, lifecycle: Lifecycle, context: Context) -> list[OpenedSource]:
    """Open each source that `use_<name>` asks for; raises ConfigurationError when one cannot even be loaded."""
    names, problems = requested_sources(raw, catalog)
    opened: list[OpenedSource] = []
    for name in names:
        selected = load_source(raw, catalog, name)
        problems += selected.problems
        if problems:
            continue
        for one in selected.declared:
            for spec in one.config_sources:
                log = with_fields(context.log, {"plugin": one.plugin.name})
                inner = Context(log, context.invoke, context.observe, context.data_dir, context.clock)
                source = await lifecycle.open("config source", spec.name, spec.open, one.settings, inner)
                opened.append(OpenedSource(spec.name, source))
    _raise(problems)
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


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise ConfigurationError(problems)

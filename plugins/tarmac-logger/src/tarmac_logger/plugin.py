"""What this distribution declares to Tarmac, and the five operations behind it."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from tarmac_core.plugin import (
    Call,
    CapabilitySpec,
    Context,
    Encode,
    HostCallError,
    Operation,
    Operations,
    PluginInfo,
    PluginSettings,
    hookimpl,
)

LONGEST_LINE_BYTES = 65536
LEVELS: Mapping[str, int] = {"trace": 5, "debug": 10, "info": 20, "warn": 30, "error": 40}


class LoggerPlugin:
    """Entry point `logger`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """No settings: levels are core's."""
        return PluginInfo(name="logger")

    @hookimpl
    def tarmac_capabilities(self, settings: PluginSettings) -> Iterable[CapabilitySpec]:
        """One capability under both names that guests use; operation names come in any case (`Info`, `info`)."""
        return [CapabilitySpec(name="logger", aliases=("logging",), ignores_case=True, open=open_logger)]


@asynccontextmanager
async def open_logger(
    settings: PluginSettings, stores: Mapping[str, object], context: Context
) -> AsyncIterator[Operations]:
    """Yield one operation for each level; there is nothing to open or close."""
    yield {name: Operation(decode=_as_is, handler=partial(_write, level)) for name, level in LEVELS.items()}


def _as_is(payload: bytes) -> tuple[bytes, Encode[None]]:
    return payload, _nothing


def _nothing(reply: HostCallError | None) -> bytes:
    return b""


def _write(level: int, call: Call, text: bytes) -> None:
    log = call.log
    if log.isEnabledFor(level):
        log.log(level, _line(text))


def _line(text: bytes) -> str:
    # Writing 64 MiB would hold every other call up for seconds.
    if len(text) <= LONGEST_LINE_BYTES:
        return text.decode(errors="replace")
    return f"{text[:LONGEST_LINE_BYTES].decode(errors='replace')}... ({len(text)} bytes)"

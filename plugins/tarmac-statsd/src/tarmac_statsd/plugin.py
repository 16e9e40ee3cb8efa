"""What core reads at start: settings and, where an address is set, the observer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from pydantic import field_validator

from tarmac_core.plugin import Context, Observer, ObserverSpec, PluginInfo, PluginSettings, hookimpl, setting


class StatsdSettings(PluginSettings):
    """Keys with the prefix `statsd_`."""

    addr: str = setting("", "The daemon, host:port ([::1]:8125 for IPv6). Empty: nothing is sent.")
    protocol: Literal["udp", "tcp"] = setting("udp", "How it is reached.")
    prefix: str = setting(
        "tarmac", "Stands before every name, with a dot; may be empty.", pattern=r"^[A-Za-z0-9_.-]*$", max_length=200
    )
    tags: Literal["none", "influx"] = setting(
        "none",
        "Where function, route and the like go: none puts them into the name (wasm_functions.lookup), influx behind it as "
        "tags (wasm_functions,function=lookup), as Telegraf and Prometheus' statsd_exporter read them.",
    )
    flush_interval_ms: int = setting(100, "How often what has gathered is sent.", unit="ms", ge=1, le=60_000)
    queue_length: int = setting(
        10_000, "Most changes that wait to be sent; more are dropped and counted (statsd.dropped).", ge=1
    )
    timeout_s: float = setting(5.0, "Limit of connecting and of each sending over TCP.", unit="s", gt=0)

    @field_validator("addr")
    @classmethod
    def _check_addr(cls, addr: str) -> str:
        host, _, port = addr.rpartition(":")
        if addr and not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("must be host:port, such as localhost:8125")
        return addr

    @property
    def host(self) -> str:
        """The host of `addr`, without brackets."""
        return self.addr.rpartition(":")[0].removeprefix("[").removesuffix("]")

    @property
    def port(self) -> int:
        """The port of `addr`."""
        return int(self.addr.rpartition(":")[2])


class StatsdPlugin:
    """Entry point `statsd`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="statsd", settings_model=StatsdSettings)

    @hookimpl
    def tarmac_observers(self, settings: StatsdSettings) -> list[ObserverSpec]:
        """One sink for all events, where there is a daemon to send them to."""
        return [ObserverSpec(name="statsd", open=open_statsd)] if settings.addr else []


@asynccontextmanager
async def open_statsd(settings: StatsdSettings, context: Context) -> AsyncIterator[Observer]:
    """Yield the sink. A daemon that is away does not end the start; at the end what waits is sent, if it can be."""
    from tarmac_statsd.sender import Sender, Target  # noqa: PLC0415 - loads the driver
    from tarmac_statsd.sink import StatsdSink  # noqa: PLC0415

    target = Target(settings.host, settings.port, settings.protocol, settings.prefix, settings.timeout_s)
    sender = Sender(target, settings.queue_length, settings.flush_interval_ms / 1000, context.log)
    sender.start()
    try:
        yield StatsdSink(sender.put, has_tags=settings.tags == "influx")
    finally:
        await sender.close()

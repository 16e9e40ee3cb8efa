"""What core reads at start: the store's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_kv import KVBackend

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl
from tarmac_kv_nats.settings import NatsSettings


class NatsPlugin:
    """Entry point `kvstore.nats`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="kvstore.nats", settings_model=NatsSettings)

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The store."""
        return [BackendSpec(capability="kvstore", name="nats", open=open_nats, shared_by="cluster")]


@asynccontextmanager
async def open_nats(settings: NatsSettings, context: Context) -> AsyncIterator[KVBackend]:
    """Yield the store once its bucket is there; at the end the connection is closed. Raises `NatsOpenError`."""
    from tarmac_kv_nats.link import Link  # noqa: PLC0415 - loads the driver, which a listing does not need
    from tarmac_kv_nats.store import NatsKV  # noqa: PLC0415

    link = Link(settings, context.log)
    try:
        await link.open()
        yield NatsKV(link)
    finally:
        await link.close()

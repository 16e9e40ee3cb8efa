"""What core reads at start: the source's life."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_config_consul.settings import ConsulSettings
from tarmac_core.plugin import ConfigSource, ConfigSourceSpec, Context, PluginInfo, PluginSettings, hookimpl


class ConsulPlugin:
    """Entry point `config.consul`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="config.consul", settings_model=ConsulSettings)

    @hookimpl
    def tarmac_config_sources(self, settings: PluginSettings) -> list[ConfigSourceSpec]:
        """The source."""
        place = settings.place if isinstance(settings, ConsulSettings) else ""
        return [ConfigSourceSpec(name="consul", open=open_consul, place=place)]


@asynccontextmanager
async def open_consul(settings: ConsulSettings, context: Context) -> AsyncIterator[ConfigSource]:
    """Yield the source once its settings are known; at the end its connection is closed. Raises `ConsulError`."""
    from tarmac_config_consul.cache import Cache  # noqa: PLC0415 - a listing needs none of this
    from tarmac_config_consul.client import open_client  # noqa: PLC0415 - loads the driver
    from tarmac_config_consul.environment import completed  # noqa: PLC0415
    from tarmac_config_consul.source import ConsulSource  # noqa: PLC0415

    whole = completed(settings, os.environ)
    async with open_client(whole) as client:
        source = ConsulSource(client, Cache(context.data_dir, whole, context.log), context.log)
        await source.start()
        yield source

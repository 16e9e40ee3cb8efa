"""What core reads at start: name, settings, and the declaration of the capability."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tarmac_core.plugin import CapabilitySpec, Context, Operations, PluginInfo, PluginSettings, hookimpl, setting
from tarmac_kv.backend import KVBackend
from tarmac_kv.grants import KVGrant


class KVSettings(PluginSettings):
    """Keys with the prefix `kvstore_`."""

    type: str = setting(
        "internal", "The backend of the default store: internal, in-memory, redis, cassandra, nats, ..."
    )


class KVPlugin:
    """Entry point `kvstore`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="kvstore", settings_model=KVSettings)

    @hookimpl
    def tarmac_capabilities(self, settings: PluginSettings) -> list[CapabilitySpec]:
        """The capability `kvstore`, on stores of the type `KVBackend`."""
        return [CapabilitySpec(name="kvstore", open=open_kvstore, grant_model=KVGrant, backend_type=KVBackend)]


@asynccontextmanager
async def open_kvstore(
    settings: PluginSettings, stores: Mapping[str, KVBackend], context: Context
) -> AsyncIterator[Operations]:
    """Yield the operations `get set delete keys cas` on the opened `stores`."""
    from tarmac_kv.operations import kv_operations  # noqa: PLC0415 - loads protobuf, which a listing does not need

    yield kv_operations(stores)

"""What core reads at start, and the store's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_kv import KVBackend

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl, setting


class MemorySettings(PluginSettings):
    """Keys with the prefix `memory_`."""

    max_bytes: int = setting(1 << 30, "Most memory for keys and values; 0 sets no limit.", unit="bytes", ge=0)


class MemoryPlugin:
    """Entry points `kvstore.memory` and `kvstore.in-memory`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="kvstore.memory", settings_model=MemorySettings)

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The store, under both of its names."""
        return [
            BackendSpec(capability="kvstore", name="memory", open=open_memory, shared_by="process"),
            BackendSpec(capability="kvstore", name="in-memory", open=open_memory, shared_by="process"),
        ]


@asynccontextmanager
async def open_memory(settings: MemorySettings, context: Context) -> AsyncIterator[KVBackend]:
    """Yield an empty store that forgets everything at the end."""
    from tarmac_kv_memory.store import MemoryKV  # noqa: PLC0415 - as with every store, only what is opened is loaded

    store = MemoryKV(max_bytes=settings.max_bytes)
    try:
        yield store
    finally:
        store.close()

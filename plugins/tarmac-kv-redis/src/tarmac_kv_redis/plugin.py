"""What core reads at start: the store's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_kv import KVBackend

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl
from tarmac_kv_redis.settings import RedisSettings


class RedisPlugin:
    """Entry point `kvstore.redis`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="kvstore.redis", settings_model=RedisSettings)

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The store."""
        return [BackendSpec(capability="kvstore", name="redis", open=open_redis, shared_by="cluster")]


@asynccontextmanager
async def open_redis(settings: RedisSettings, context: Context) -> AsyncIterator[KVBackend]:
    """Yield the store once the server has answered; at the end every connection is closed. Raises `RedisOpenError`."""
    from tarmac_kv_redis.pool import Pool  # noqa: PLC0415 - loads the driver, which a listing does not need
    from tarmac_kv_redis.store import RedisKV  # noqa: PLC0415

    store = RedisKV(Pool(settings), context.log)
    try:
        await store.reach()
        yield store
    finally:
        await store.close()

"""What core reads at start: the store's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_kv import KVBackend

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl
from tarmac_kv_cassandra.settings import CassandraSettings


class CassandraPlugin:
    """Entry point `kvstore.cassandra`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="kvstore.cassandra", settings_model=CassandraSettings)

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The store."""
        return [BackendSpec(capability="kvstore", name="cassandra", open=open_cassandra, shared_by="cluster")]


@asynccontextmanager
async def open_cassandra(settings: CassandraSettings, context: Context) -> AsyncIterator[KVBackend]:
    """Yield the store once the cluster has answered and the table is there. Raises `CassandraOpenError`.

    At the end every connection is closed and every thread of the driver has ended.
    """
    from tarmac_kv_cassandra.session import opened  # noqa: PLC0415 - loads the driver, which a listing does not need
    from tarmac_kv_cassandra.store import CassandraKV  # noqa: PLC0415

    async with opened(settings, context.log) as (calls, table):
        yield CassandraKV(calls, table)

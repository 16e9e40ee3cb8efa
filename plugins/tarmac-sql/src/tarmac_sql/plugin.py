"""What core reads at start: name, settings, and the declaration of the capability."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tarmac_core.plugin import CapabilitySpec, Context, Operations, PluginInfo, PluginSettings, hookimpl, setting
from tarmac_sql.backend import SQLBackend
from tarmac_sql.grants import SQLGrant
from tarmac_sql.operations import sql_operations


class SQLSettings(PluginSettings):
    """Keys with the prefix `sql_`; the others of them belong to the selected backend."""

    type: str = setting("sqlite", "The backend of the default store: sqlite, postgres, mysql, ...")


class SQLPlugin:
    """Entry point `sql`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="sql", settings_model=SQLSettings)

    @hookimpl
    def tarmac_capabilities(self, settings: PluginSettings) -> list[CapabilitySpec]:
        """The capability `sql`, on databases of the type `SQLBackend`."""
        return [CapabilitySpec(name="sql", open=open_sql, grant_model=SQLGrant, backend_type=SQLBackend)]


@asynccontextmanager
async def open_sql(
    settings: PluginSettings, stores: Mapping[str, SQLBackend], context: Context
) -> AsyncIterator[Operations]:
    """Yield the operations `query` and `exec` on the opened `stores`."""
    yield sql_operations(stores)

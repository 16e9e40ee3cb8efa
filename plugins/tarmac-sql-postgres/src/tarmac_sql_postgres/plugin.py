"""What core reads at start: the database's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_sql import SQLBackend

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl
from tarmac_sql_postgres.settings import PostgresSettings


class PostgresPlugin:
    """Entry point `sql.postgres`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings; the prefix is shared by all SQL backends."""
        return PluginInfo(name="sql.postgres", settings_model=PostgresSettings, settings_prefix="sql")

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The database."""
        return [BackendSpec(capability="sql", name="postgres", open=open_postgres, shared_by="cluster")]


@asynccontextmanager
async def open_postgres(settings: PostgresSettings, context: Context) -> AsyncIterator[SQLBackend]:
    """Yield the database once the server has answered; at the end every connection is closed. Raises `PostgresOpenError`."""
    from tarmac_sql_postgres.store import opened  # noqa: PLC0415 - loads the driver, which a listing does not need

    async with opened(settings, context.log) as database:
        yield database

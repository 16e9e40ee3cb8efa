"""What core reads at start: the database's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_sql import SQLBackend

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl
from tarmac_sql_mysql.settings import MySQLSettings


class MySQLPlugin:
    """Entry point `sql.mysql`, and `sql.mariadb`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings; the prefix is shared by all SQL backends."""
        return PluginInfo(name="sql.mysql", settings_model=MySQLSettings, settings_prefix="sql")

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The database."""
        return [BackendSpec(capability="sql", name="mysql", open=open_mysql, shared_by="cluster")]


@asynccontextmanager
async def open_mysql(settings: MySQLSettings, context: Context) -> AsyncIterator[SQLBackend]:
    """Yield the database once the server has answered; at the end every connection is closed. Raises `MySQLOpenError`."""
    from tarmac_sql_mysql.store import opened  # noqa: PLC0415 - loads the driver, which a listing does not need

    async with opened(settings, context.log) as database:
        yield database

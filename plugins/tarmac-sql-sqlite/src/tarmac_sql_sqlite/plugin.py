"""What core reads at start: settings, and the database's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_sql import SQLBackend, SQLStoreSettings

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl, setting


class SqliteSettings(SQLStoreSettings):
    """Keys with the prefix `sql_`."""

    dsn: str = setting(
        "", "The file, or its URL (sqlite:///file, file:/path); empty is sql.db in data_dir. A missing folder is made."
    )
    foreign_keys: bool = setting(True, "Foreign keys are enforced.")
    busy_timeout_ms: int = setting(
        5000, "How long a write waits for another process that writes to the file.", unit="ms", ge=0, le=600_000
    )


class SqlitePlugin:
    """Entry point `sql.sqlite`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings; the prefix is shared by all SQL backends."""
        return PluginInfo(name="sql.sqlite", settings_model=SqliteSettings, settings_prefix="sql")

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The database."""
        return [BackendSpec(capability="sql", name="sqlite", open=open_sqlite, shared_by="host")]


@asynccontextmanager
async def open_sqlite(settings: SqliteSettings, context: Context) -> AsyncIterator[SQLBackend]:
    """Yield the database, its file made if it was missing; raises `SqliteFileError`."""
    from tarmac_sql_sqlite.store import opened  # noqa: PLC0415 - loads SQLAlchemy, which a listing does not need

    async with opened(settings, context.data_dir / "sql.db") as store:
        yield store

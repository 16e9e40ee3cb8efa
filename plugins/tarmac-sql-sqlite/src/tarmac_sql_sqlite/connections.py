"""Opens connections: readers that cannot write, one writer, and neither can reach beyond its call."""

import sqlite3
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import URL, AsyncAdaptedQueuePool, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tarmac_sql_sqlite.plugin import SqliteSettings

# The statement time-out and the call's deadline end the waiting; the pool's own limit would only come in between.
_NEVER_S = 365 * 86400.0
_STATEMENTS_KEPT = 256

_DENIED = frozenset(
    (
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
    )
)
_PRAGMAS_THAT_ASK = frozenset(
    ("application_id", "foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo")
) | {"integrity_check", "quick_check", "table_info", "table_list", "table_xinfo", "user_version"}


def engine_for(path: Path, settings: SqliteSettings, mode: Literal["ro", "rwc"]) -> AsyncEngine:
    """An engine that has opened nothing yet; `rwc` is the writer's, of one connection."""
    url = URL.create("sqlite+aiosqlite", database=f"file:{quote(str(path))}", query={"mode": mode, "uri": "true"})
    limit_ms = settings.statement_timeout_ms or settings.busy_timeout_ms
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=settings.pool_size if mode == "ro" else 1,
        max_overflow=0,
        pool_timeout=_NEVER_S,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        connect_args={
            "timeout": min(settings.busy_timeout_ms, limit_ms) / 1000,
            "cached_statements": _STATEMENTS_KEPT,
        },
    )

    async def prepare(driver: Any) -> None:
        if mode == "rwc":
            await driver.execute_fetchall("PRAGMA journal_mode=WAL")
            await driver.execute_fetchall(f"PRAGMA foreign_keys={int(settings.foreign_keys)}")
        await driver.set_authorizer(_authorize)

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.run_async(prepare)

    return engine


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action in _DENIED:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and second is not None and (first or "").lower() not in _PRAGMAS_THAT_ASK:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK

"""Opens connections: readers that cannot write, one writer, and neither can reach beyond its call."""

import sqlite3
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import aiosqlite
from sqlalchemy import URL, Engine
from tarmac_sql.connections import engine_for

from tarmac_sql_sqlite.plugin import SqliteSettings

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


def sqlite_engine(path: Path, settings: SqliteSettings, mode: Literal["ro", "rwc"]) -> Engine:
    """An engine that has opened nothing yet; `rwc` is the writer's."""
    url = URL.create("sqlite+aiosqlite", database=f"file:{quote(str(path))}", query={"mode": mode, "uri": "true"})
    limit_ms = settings.statement_timeout_ms or settings.busy_timeout_ms
    options = {
        "timeout": min(settings.busy_timeout_ms, limit_ms) / 1000,
        "cached_statements": _STATEMENTS_KEPT,
        "isolation_level": None,
    }

    async def prepare(driver: aiosqlite.Connection) -> None:
        if mode == "rwc":
            await driver.execute_fetchall("PRAGMA journal_mode=WAL")
            await driver.execute_fetchall(f"PRAGMA foreign_keys={int(settings.foreign_keys)}")
        await driver.set_authorizer(_authorize)

    return engine_for(url, options, prepare)


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action in _DENIED:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and second is not None and (first or "").lower() not in _PRAGMAS_THAT_ASK:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK

"""Opens connections: readers that cannot write, one writer, and neither can reach beyond its call."""

import sqlite3
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import aiosqlite
from sqlalchemy import URL, Engine
from tarmac_sql.connections import engine_for

from tarmac_sql_sqlite.job import Job
from tarmac_sql_sqlite.plugin import SqliteSettings

_STATEMENTS_KEPT = 256
_MAX_VALUE_BYTES = 64 << 20
_MAX_PATTERN_BYTES = 5_000
_MAX_HEAP_BYTES = 512 << 20
"""What SQLite takes from memory for all connections of the process together; what needs more fails."""

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
# These do something without an argument, or show where the file is.
_PRAGMAS_DENIED = frozenset(("database_list", "incremental_vacuum", "optimize", "shrink_memory", "wal_checkpoint"))
# The first takes an address of memory and calls what is there, the second opens a file of code.
_FUNCTIONS_DENIED = frozenset(("fts3_tokenizer", "load_extension"))
# Shows the statements of other functions.
_TABLES_DENIED = frozenset(("sqlite_stmt",))


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
        await driver.execute_fetchall(f"PRAGMA hard_heap_limit={_MAX_HEAP_BYTES}")
        await Job(driver, _limit).outcome
        await driver.set_authorizer(_authorize)

    return engine_for(url, options, prepare)


def _limit(connection: sqlite3.Connection) -> None:
    """Keep one statement from taking gigabytes, or hours within a single function that no interrupt ends."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _MAX_PATTERN_BYTES)


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    return sqlite3.SQLITE_DENY if _is_denied(action, (first or "").lower(), second) else sqlite3.SQLITE_OK


def _is_denied(action: int, first: str, second: str | None) -> bool:
    if action == sqlite3.SQLITE_PRAGMA:
        return first in _PRAGMAS_DENIED or (second is not None and first not in _PRAGMAS_THAT_ASK)
    if action == sqlite3.SQLITE_FUNCTION:
        return (second or "").lower() in _FUNCTIONS_DENIED
    return action in _DENIED or (action == sqlite3.SQLITE_READ and first in _TABLES_DENIED)

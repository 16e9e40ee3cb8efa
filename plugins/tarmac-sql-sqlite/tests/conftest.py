"""Opened databases, as core opens them, on a file in the test's folder."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

pytest.register_assert_rewrite("tarmac_sql.conformance")

from tarmac_sql import SQLBackend  # noqa: E402
from tarmac_sql_sqlite.plugin import SqliteSettings, open_sqlite  # noqa: E402

from tarmac_core.plugin import Context  # noqa: E402
from tarmac_core.testing import Records  # noqa: E402

OpenSqlite: TypeAlias = Callable[..., AbstractAsyncContextManager[SQLBackend]]


@pytest.fixture
def open_database(tmp_path: Path) -> OpenSqlite:
    """Opens the database with the settings given; its file is `tmp_path / "sql.db"` unless they say otherwise."""
    records = Records()

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[SQLBackend]:
        context = Context(
            log=records.log("sql.sqlite"),
            invoke=records.invoke,
            observe=records.events.append,
            data_dir=tmp_path,
            clock=asyncio.get_running_loop().time,
        )
        async with open_sqlite(SqliteSettings.model_validate(settings), context) as database:
            yield database

    return opened

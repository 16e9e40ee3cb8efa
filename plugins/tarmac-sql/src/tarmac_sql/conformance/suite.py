"""What all classes share: how a test gets its database and a table, and what servers write differently."""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

from tarmac_sql.backend import Rows, SQLBackend, Statement

OpenDatabase: TypeAlias = Callable[..., AbstractAsyncContextManager[SQLBackend]]


def listed(rows: Rows) -> Any:
    """The rows of a result."""
    return json.loads(rows.data)


class Suite:
    """Fixtures of all classes; the attributes are SQLite's."""

    pytestmark = pytest.mark.asyncio

    placeholders = ("?", "?", "?", "?", "?")
    """How the server calls the first five parameters."""
    columns = "id INTEGER PRIMARY KEY, name TEXT, score REAL, data BLOB"
    """A table with a key that counts by itself."""
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS n FROM c"
    """A query that works for ever and returns nothing before."""
    backslash = "\\"
    """How a string of the server has one."""
    has_insert_id = True
    """Whether `exec` tells the id of a new row."""

    @pytest_asyncio.fixture
    async def database(self, open_database: OpenDatabase) -> AsyncIterator[SQLBackend]:
        """The opened database."""
        async with open_database() as database:
            yield database

    @pytest_asyncio.fixture
    async def table(self, open_database: OpenDatabase) -> AsyncIterator[str]:
        """The name of an empty table with `columns`."""
        name = f"t{uuid.uuid4().hex}"
        async with open_database() as database:
            await database.exec(Statement(f"CREATE TABLE {name} ({self.columns})"))
            yield name
            await database.exec(Statement(f"DROP TABLE {name}"))

    def insert(self, table: str, name: str) -> Statement:
        """A row with this name."""
        return Statement(f"INSERT INTO {table} (name) VALUES ({self.placeholders[0]})", (name,))

    async def names(self, database: SQLBackend, table: str) -> list[Any]:
        """All names in the table, in the order of their ids."""
        rows = await database.query(Statement(f"SELECT name FROM {table} ORDER BY id"))
        return [row["name"] for row in listed(rows)]

"""The capability on a database that is written here: it answers what it is told to, and remembers what it was asked."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from tarmac_sql import Done, Rows, SQLBackend, Statement
from tarmac_sql.plugin import SQLPlugin

from tarmac_core.testing import Capability, PluginHarness

Serving: TypeAlias = Callable[[SQLBackend], AbstractAsyncContextManager[Capability]]


class ToldDatabase(SQLBackend):
    def __init__(self, answer: Rows | Done | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[Statement, bool]] = []

    async def query(self, statement: Statement, *, read_only: bool = False) -> Rows:
        self.asked.append((statement, read_only))
        if isinstance(self.answer, Exception):
            raise self.answer
        assert isinstance(self.answer, Rows)
        return self.answer

    async def exec(self, statement: Statement) -> Done:
        self.asked.append((statement, False))
        if isinstance(self.answer, Exception):
            raise self.answer
        assert isinstance(self.answer, Done)
        return self.answer

    async def health(self) -> None:
        return


@pytest.fixture
def told() -> type[ToldDatabase]:
    """Makes a database that gives this answer."""
    return ToldDatabase


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Opens the capability on the database given as the default store."""

    @asynccontextmanager
    async def opened(database: SQLBackend) -> AsyncIterator[Capability]:
        async with PluginHarness(SQLPlugin, data_dir=tmp_path) as plugin:
            yield await plugin.capability("sql", stores={"default": database})

    return opened

"""A real server, and databases opened as core opens them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

pytest.register_assert_rewrite("tarmac_sql.conformance")

from tarmac_sql import SQLBackend  # noqa: E402
from tarmac_sql_postgres.plugin import open_postgres  # noqa: E402
from tarmac_sql_postgres.settings import PostgresSettings  # noqa: E402

from tarmac_core.plugin import Context  # noqa: E402
from tarmac_core.testing import Records  # noqa: E402
from tests.services.postgres import PostgresServer  # noqa: E402

OpenPostgres: TypeAlias = Callable[..., AbstractAsyncContextManager[SQLBackend]]


@pytest.fixture(scope="session")
def shared_server() -> Iterator[PostgresServer]:
    """A server for tests that do it no harm."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the test's own."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def records() -> Records:
    """What the backend logs."""
    return Records()


@pytest.fixture
def open_with(tmp_path: Path, records: Records) -> OpenPostgres:
    """Opens a database with the settings given."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[SQLBackend]:
        context = Context(
            log=records.log("sql.postgres"),
            invoke=records.invoke,
            observe=records.events.append,
            data_dir=tmp_path,
            clock=asyncio.get_running_loop().time,
        )
        async with open_postgres(PostgresSettings.model_validate(settings), context) as database:
            yield database

    return opened


@pytest.fixture
def open_database(shared_server: PostgresServer, open_with: OpenPostgres) -> OpenPostgres:
    """Opens the shared server's database with further settings."""
    return lambda **settings: open_with(**({"dsn": shared_server.dsn()} | settings))

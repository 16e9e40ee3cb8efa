"""Real servers, and databases opened as core opens them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

pytest.register_assert_rewrite("tarmac_sql.conformance")

from tarmac_sql import SQLBackend  # noqa: E402
from tarmac_sql_mysql.plugin import open_mysql  # noqa: E402
from tarmac_sql_mysql.settings import MySQLSettings  # noqa: E402

from tarmac_core.plugin import Context  # noqa: E402
from tarmac_core.testing import Records  # noqa: E402
from tests.services.mariadb import MariaDBServer, MySQLServer  # noqa: E402

OpenMySQL: TypeAlias = Callable[..., AbstractAsyncContextManager[SQLBackend]]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDBServer]:
    """A MariaDB for tests that do it no harm."""
    with MariaDBServer() as server:
        yield server


@pytest.fixture(scope="session")
def mysql() -> Iterator[MySQLServer]:
    """A MySQL for tests that do it no harm."""
    with MySQLServer() as server:
        yield server


@pytest.fixture(scope="session", params=["mariadb", "mysql"])
def shared_server(request: pytest.FixtureRequest) -> MariaDBServer:
    """Each of them."""
    server: MariaDBServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def server() -> Iterator[MariaDBServer]:
    """A MariaDB of the test's own."""
    with MariaDBServer() as server:
        yield server


@pytest.fixture
def records() -> Records:
    """What the database logs."""
    return Records()


@pytest.fixture
def open_with(tmp_path: Path, records: Records) -> OpenMySQL:
    """Opens a database with the settings given."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[SQLBackend]:
        context = Context(
            log=records.log("sql.mysql"),
            invoke=records.invoke,
            observe=records.events.append,
            data_dir=tmp_path,
            clock=asyncio.get_running_loop().time,
        )
        async with open_mysql(MySQLSettings.model_validate(settings), context) as database:
            yield database

    return opened


@pytest.fixture
def open_database(open_with: OpenMySQL, shared_server: MariaDBServer) -> OpenMySQL:
    """Opens the database of each shared server, with further settings."""
    return lambda **settings: open_with(**{"dsn": shared_server.dsn(), **settings})

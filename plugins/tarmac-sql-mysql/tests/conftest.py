"""Real servers, and databases opened as core opens them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

pytest.register_assert_rewrite("tarmac_sql.conformance")

from tarmac_sql import SQLBackend  # noqa: E402
from tarmac_sql_mysql.faults import MySQLOpenError  # noqa: E402
from tarmac_sql_mysql.plugin import MySQLPlugin, open_mysql  # noqa: E402
from tarmac_sql_mysql.settings import MySQLSettings  # noqa: E402

from tarmac_core.plugin import Context  # noqa: E402
from tarmac_core.registry import StepError  # noqa: E402
from tarmac_core.testing import Leaks, PluginHarness, Records  # noqa: E402
from tests.services.mariadb import PASSWORD, MariaDBServer, MySQLServer  # noqa: E402

OpenMySQL: TypeAlias = Callable[..., AbstractAsyncContextManager[SQLBackend]]
Refused: TypeAlias = Callable[..., Awaitable[str]]


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


@pytest.fixture
def refused() -> Refused:
    """Gives the message of a start that fails, which it must do at once, without the secret, and leave nothing."""

    async def starting(**settings: Any) -> str:
        began_s, leaks = time.monotonic(), Leaks.now()
        with pytest.raises(StepError) as raised:
            async with PluginHarness(MySQLPlugin, settings, data_dir=Path()) as plugin:
                await plugin.backend()
        assert isinstance(raised.value.__cause__, MySQLOpenError)
        assert time.monotonic() - began_s < 2.5
        text = str(raised.value)
        assert "sql.mysql: " in text
        assert PASSWORD not in text
        await asyncio.sleep(0.02)
        # The loop keeps a thread that looks up names.
        assert [one for one in leaks.found() if "asyncio_" not in one] == []
        return text

    return starting

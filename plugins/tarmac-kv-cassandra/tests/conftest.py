"""A real server, and stores opened as core opens them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tarmac_kv_cassandra.plugin import open_cassandra
from tarmac_kv_cassandra.settings import CassandraSettings
from tarmac_kv_cassandra.store import CassandraKV

from tarmac_core.plugin import Context
from tarmac_core.testing import Records
from tests.services.cassandra import CassandraServer

OpenCassandra: TypeAlias = Callable[..., AbstractAsyncContextManager[CassandraKV]]


@pytest.fixture(scope="session")
def shared_server() -> Iterator[CassandraServer]:
    """A server for tests that do it no harm."""
    with CassandraServer() as server:
        yield server


@pytest.fixture
def records() -> Records:
    """What the store logs."""
    return Records()


@pytest.fixture
def open_with(tmp_path: Path, records: Records) -> OpenCassandra:
    """Opens a store with the settings given."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[CassandraKV]:
        context = Context(
            log=records.log("kvstore.cassandra"),
            invoke=records.invoke,
            observe=records.events.append,
            data_dir=tmp_path,
            clock=asyncio.get_running_loop().time,
        )
        async with open_cassandra(CassandraSettings.model_validate(settings), context) as store:
            assert isinstance(store, CassandraKV)
            yield store

    return opened

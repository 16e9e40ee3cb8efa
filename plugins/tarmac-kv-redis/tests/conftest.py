"""A real server, and stores opened as core opens them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tarmac_kv_redis.plugin import open_redis
from tarmac_kv_redis.settings import RedisSettings
from tarmac_kv_redis.store import RedisKV

from tarmac_core.plugin import Context
from tarmac_core.testing import Records
from tests.services.redis import RedisServer

OpenRedis: TypeAlias = Callable[..., AbstractAsyncContextManager[RedisKV]]


@pytest.fixture(scope="session")
def shared_server() -> Iterator[RedisServer]:
    """A server for tests that do it no harm."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of the test's own, which keeps every write on disk."""
    with RedisServer({"appendonly": "yes", "appendfsync": "always"}) as server:
        yield server


@pytest.fixture
def records() -> Records:
    """What the store logs."""
    return Records()


@pytest.fixture
def open_with(tmp_path: Path, records: Records) -> OpenRedis:
    """Opens a store with the settings given."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[RedisKV]:
        context = Context(
            log=records.log("kvstore.redis"),
            invoke=records.invoke,
            observe=records.events.append,
            data_dir=tmp_path,
            clock=asyncio.get_running_loop().time,
        )
        async with open_redis(RedisSettings.model_validate(settings), context) as store:
            assert isinstance(store, RedisKV)
            yield store

    return opened

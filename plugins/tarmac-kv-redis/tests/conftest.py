"""A real server, and stores opened as core opens them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import trustme
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


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ca.pem`, `server.pem`, `other-host.pem`, `client.pem`, and `stranger.pem` of an authority that nobody trusts."""
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    stranger.cert_pem.write_to_path(folder / "stranger-ca.pem")
    issued = {
        "server": authority.issue_cert("127.0.0.1", "localhost"),
        "other-host": authority.issue_cert("redis.example"),
        "client": authority.issue_cert("client@example.org"),
        "stranger": stranger.issue_cert("client@example.org"),
    }
    for name, certificate in issued.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    return folder


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

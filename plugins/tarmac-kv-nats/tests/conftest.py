"""Real servers, and stores opened as core opens them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import nats
import pytest
import trustme
from nats.js import JetStreamContext
from tarmac_kv_nats.plugin import open_nats
from tarmac_kv_nats.settings import NatsSettings
from tarmac_kv_nats.store import NatsKV

from tarmac_core.plugin import Context
from tarmac_core.testing import Records
from tests.services.nats import NatsServer

OpenNats: TypeAlias = Callable[..., AbstractAsyncContextManager[NatsKV]]


@pytest.fixture(scope="session")
def shared_server() -> Iterator[NatsServer]:
    """A server for tests that do it no harm."""
    with NatsServer() as server:
        yield server


@pytest.fixture
def server() -> Iterator[NatsServer]:
    """A server of the test's own."""
    with NatsServer() as server:
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
        "other-host": authority.issue_cert("nats.example"),
        "client": authority.issue_cert("client@example.org"),
        "stranger": stranger.issue_cert("client@example.org"),
    }
    for name, certificate in issued.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    return folder


@pytest.fixture
def records() -> Records:
    """What the store logs."""
    return Records()


@pytest.fixture
def open_with(tmp_path: Path, records: Records) -> OpenNats:
    """Opens a store with the settings given."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[NatsKV]:
        context = Context(
            log=records.log("kvstore.nats"),
            invoke=records.invoke,
            observe=records.events.append,
            data_dir=tmp_path,
            clock=asyncio.get_running_loop().time,
        )
        async with open_nats(NatsSettings.model_validate(settings), context) as store:
            assert isinstance(store, NatsKV)
            yield store

    return opened


@pytest.fixture
def jetstream() -> Callable[[str], AbstractAsyncContextManager[JetStreamContext]]:
    """Opens the bare driver, as another program uses it."""

    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[JetStreamContext]:
        client = await nats.connect(url)
        try:
            yield client.jetstream()
        finally:
            await client.close()

    return opened

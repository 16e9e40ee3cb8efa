"""Real agents, and the source opened as core opens it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import trustme
from tarmac_config_consul.plugin import ConsulPlugin

from tarmac_core.plugin import ConfigSource
from tarmac_core.testing import PluginHarness
from tests.services.consul import ConsulServer

KEY = "tarmac/config"


@dataclass
class Opened:
    """The source and what it logged."""

    source: ConfigSource
    plugin: PluginHarness

    async def read(self) -> dict[str, object]:
        return dict(await self.source.read())

    def messages(self, level: int = 0) -> list[str]:
        return self.plugin.messages(level)

    async def until_told(self, words: str) -> str:
        """The first log line with these words, waited for."""
        async with asyncio.timeout(20):
            while not (found := [message for message in self.messages() if words in message]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found[0]

    @asynccontextmanager
    async def followed(self) -> AsyncIterator["asyncio.Queue[dict[str, object]]"]:
        """What the source says while the block runs."""
        news: asyncio.Queue[dict[str, object]] = asyncio.Queue()

        async def follow() -> None:
            async for values in self.source.changes():
                news.put_nowait(dict(values))

        task = asyncio.create_task(follow())
        try:
            yield news
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


OpenConsul: TypeAlias = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CONSUL_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[ConsulServer]:
    """A server for tests that leave it running; each writes a key of its own."""
    with ConsulServer() as server:
        yield server


@pytest.fixture
def server() -> Iterator[ConsulServer]:
    """A server of the test's own."""
    with ConsulServer() as server:
        yield server


@pytest.fixture(scope="session")
def guarded_server() -> Iterator[ConsulServer]:
    """A server that shows nothing without a token."""
    with ConsulServer(acl=True) as server:
        server.put(KEY, {"debug": True})
        yield server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def key(shared_server: ConsulServer, request: pytest.FixtureRequest) -> str:
    """A key of the shared server that no other test writes."""
    return f"tests/{request.node.name}"


@pytest.fixture
def open_with(tmp_path: Path) -> OpenConsul:
    """Opens the source with the settings given; the cache of all openings of one test is the same folder."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Opened]:
        given = {"keys_prefix": KEY, "timeout": 10, "watch_interval": 2, **settings}
        async with PluginHarness(ConsulPlugin, given, data_dir=tmp_path / "data") as plugin:
            yield Opened(await plugin.config_source("consul"), plugin)

    return opened

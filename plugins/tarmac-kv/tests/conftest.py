"""The capability on stores that are written here: one that answers at once, one that waits, one that fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tarmac_kv import KVBackend, KVError, Page
from tarmac_kv.plugin import KVPlugin

from tarmac_core.testing import Capability, PluginHarness


class InstantStore(KVBackend):
    """The least that a store can be; without expiry and compare-and-set."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.ttl_ms = 0

    def get(self, key: bytes) -> bytes | None:
        return self.values.get(key)

    def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        self.ttl_ms = ttl_ms
        self.values[key] = value

    def delete(self, key: bytes) -> None:
        self.values.pop(key, None)

    def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        found = sorted(key for key in self.values if key.startswith(prefix) and key > cursor)
        page = found[: limit or None]
        return Page(page, page[-1] if len(page) < len(found) else b"")

    def health(self) -> None:
        return


class SwappingStore(InstantStore):
    def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> bool:
        if self.values.get(key) != expected:
            return False
        if value is None:
            self.values.pop(key, None)
        else:
            self.set(key, value, ttl_ms=ttl_ms)
        return True


class WaitingStore(KVBackend):
    """The same, each answer after a turn of the loop."""

    def __init__(self) -> None:
        self.store = SwappingStore()

    async def get(self, key: bytes) -> bytes | None:
        await asyncio.sleep(0)
        return self.store.get(key)

    async def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        await asyncio.sleep(0)
        self.store.set(key, value, ttl_ms=ttl_ms)

    async def delete(self, key: bytes) -> None:
        await asyncio.sleep(0)
        self.store.delete(key)

    async def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        await asyncio.sleep(0)
        return self.store.keys(prefix=prefix, cursor=cursor, limit=limit)

    async def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> bool:
        await asyncio.sleep(0)
        return self.store.cas(key, expected=expected, value=value, ttl_ms=ttl_ms)

    async def health(self) -> None:
        return


class FailingStore(KVBackend):
    """Fails at once, or after a turn of the loop."""

    def __init__(self, *, waits: bool) -> None:
        self.waits = waits

    def _fail(self) -> Any:
        if self.waits:
            return self._fail_later()
        raise KVError("connection lost")

    async def _fail_later(self) -> Any:
        await asyncio.sleep(0)
        raise KVError("connection lost")

    def get(self, key: bytes) -> Any:
        return self._fail()

    def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> Any:
        return self._fail()

    def delete(self, key: bytes) -> Any:
        return self._fail()

    def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Any:
        return self._fail()

    def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> Any:
        return self._fail()

    def health(self) -> Any:
        return self._fail()


@pytest.fixture
def serving(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Capability]]:
    """Opens the capability on the store given as the default one, and on others by name."""

    @asynccontextmanager
    async def opened(store: KVBackend, **others: KVBackend) -> AsyncIterator[Capability]:
        async with PluginHarness(KVPlugin, data_dir=tmp_path) as plugin:
            yield await plugin.capability("kvstore", stores={"default": store, **others})

    return opened


@pytest.fixture(params=["instant", "waiting"])
def store(request: pytest.FixtureRequest) -> KVBackend:
    """A store of either kind."""
    return SwappingStore() if request.param == "instant" else WaitingStore()


@pytest.fixture
def instant() -> InstantStore:
    """A store without expiry and compare-and-set."""
    return InstantStore()


@pytest.fixture(params=[False, True], ids=["at once", "later"])
def failing(request: pytest.FixtureRequest) -> FailingStore:
    """A store that fails."""
    return FailingStore(waits=request.param)

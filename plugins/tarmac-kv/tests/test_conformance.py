"""The suite passes on a store that waits for everything and has neither expiry nor compare-and-set."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from tarmac_kv import KVBackend, KVError, NotSupportedError, Page, conformance


class PlainStore(KVBackend):
    """A dictionary that is slow, and closed at the end."""

    def __init__(self, values: dict[bytes, bytes]) -> None:
        self.values = values
        self.is_closed = False

    async def _turn(self) -> None:
        await asyncio.sleep(0)
        if self.is_closed:
            raise KVError("the store is closed")

    async def get(self, key: bytes) -> bytes | None:
        await self._turn()
        return self.values.get(key)

    async def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        await self._turn()
        if ttl_ms:
            raise NotSupportedError("expiry is not supported by this store")
        self.values[key] = value

    async def delete(self, key: bytes) -> None:
        await self._turn()
        self.values.pop(key, None)

    async def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        await self._turn()
        found = sorted(key for key in self.values if key.startswith(prefix) and key > cursor)
        page = found[: limit or None]
        return Page(page, page[-1] if len(page) < len(found) else b"")

    async def health(self) -> None:
        await self._turn()


@pytest.fixture
def open_store() -> Callable[[], AbstractAsyncContextManager[KVBackend]]:
    values: dict[bytes, bytes] = {}

    @asynccontextmanager
    async def opened() -> AsyncIterator[KVBackend]:
        store = PlainStore(values)
        try:
            yield store
        finally:
            store.is_closed = True

    return opened


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestNoTimeToLive(conformance.NoTimeToLive): ...


class TestNoCompareAndSet(conformance.NoCompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

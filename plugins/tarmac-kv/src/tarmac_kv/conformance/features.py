"""What a store may lack: expiry, and compare-and-set."""

import asyncio
import time

import pytest

from tarmac_kv.backend import KVBackend, NotSupportedError
from tarmac_kv.conformance.suite import Suite, answered


class TimeToLive(Suite):
    """Values that vanish. `shortest_ttl_ms` is the store's resolution; stores without expiry use `NoTimeToLive`."""

    shortest_ttl_ms = 100

    async def test_a_value_is_there_before_its_time_and_gone_after(self, store: KVBackend, own: bytes) -> None:
        began_s = time.monotonic()
        await answered(store.set(own + b"soon", b"value", ttl_ms=self.shortest_ttl_ms))
        early = await answered(store.get(own + b"soon"))
        # A machine that takes longer than that for two steps proves nothing.
        assert early == b"value" or time.monotonic() - began_s > self.shortest_ttl_ms / 1000
        await answered(store.set(own + b"later", b"value", ttl_ms=3_600_000))
        await answered(store.set(own + b"never", b"value"))
        await self._wait()
        assert await answered(store.get(own + b"soon")) is None
        assert await answered(store.get(own + b"later")) == b"value"
        page = await answered(store.keys(prefix=own))
        assert sorted(page.keys) == [own + b"later", own + b"never"]

    async def test_setting_again_without_a_time_keeps_the_value(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"first", ttl_ms=self.shortest_ttl_ms))
        await answered(store.set(own, b"second"))
        await self._wait()
        assert await answered(store.get(own)) == b"second"

    async def test_setting_again_with_a_time_replaces_the_time(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"first", ttl_ms=3_600_000))
        await answered(store.set(own, b"second", ttl_ms=self.shortest_ttl_ms))
        await self._wait()
        assert await answered(store.get(own)) is None

    async def test_an_expired_key_can_be_set_again(self, store: KVBackend, own: bytes) -> None:
        key = own.ljust(600, b"k")
        await answered(store.set(key, b"first", ttl_ms=self.shortest_ttl_ms))
        await self._wait()
        await answered(store.set(key, b"second"))
        assert await answered(store.get(key)) == b"second"

    async def _wait(self) -> None:
        await asyncio.sleep(self.shortest_ttl_ms / 1000 * 1.5 + 0.05)


class NoTimeToLive(Suite):
    """For stores without expiry."""

    async def test_a_time_to_live_is_refused_in_words(self, store: KVBackend, own: bytes) -> None:
        with pytest.raises(NotSupportedError, match="not supported"):
            await answered(store.set(own, b"value", ttl_ms=1000))
        assert await answered(store.get(own)) is None


class CompareAndSet(Suite):
    """Changing a value only if it is still the same; stores without it use `NoCompareAndSet`."""

    async def test_the_expected_value_is_replaced(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"old"))
        assert await answered(store.cas(own, expected=b"old", value=b"new")) is True
        assert await answered(store.get(own)) == b"new"

    async def test_another_value_is_left_alone(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"other"))
        assert await answered(store.cas(own, expected=b"old", value=b"new")) is False
        assert await answered(store.cas(own, expected=None, value=b"new")) is False
        assert await answered(store.get(own)) == b"other"

    async def test_an_empty_value_is_not_a_missing_one(self, store: KVBackend, own: bytes) -> None:
        assert await answered(store.cas(own, expected=b"", value=b"new")) is False
        assert await answered(store.cas(own, expected=None, value=b"")) is True
        assert await answered(store.cas(own, expected=None, value=b"new")) is False
        assert await answered(store.cas(own, expected=b"", value=b"new")) is True
        assert await answered(store.get(own)) == b"new"

    async def test_no_value_deletes(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"old"))
        assert await answered(store.cas(own, expected=b"other", value=None)) is False
        assert await answered(store.cas(own, expected=b"old", value=None)) is True
        assert await answered(store.get(own)) is None

    async def test_a_counter_of_many_writers_loses_nothing(self, store: KVBackend, own: bytes) -> None:
        async def count() -> None:
            for _ in range(5):
                while True:
                    old = await answered(store.get(own))
                    if await answered(store.cas(own, expected=old, value=b"%d" % (int(old or b"0") + 1))):
                        break
                    await asyncio.sleep(0)

        await asyncio.gather(*(count() for _ in range(10)))
        assert await answered(store.get(own)) == b"50"


class NoCompareAndSet(Suite):
    """For stores without it."""

    async def test_compare_and_set_is_refused_in_words(self, store: KVBackend, own: bytes) -> None:
        with pytest.raises(NotSupportedError, match="not supported"):
            await answered(store.cas(own, expected=None, value=b"value"))
        assert await answered(store.get(own)) is None

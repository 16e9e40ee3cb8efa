"""What every store must do. A store's test is empty subclasses of these classes and one fixture that opens it:

    from tarmac_kv import conformance

    @pytest.fixture
    def open_store(tmp_path):
        return lambda: open_my_store(MySettings(...), context)

    class TestBytes(conformance.Bytes): ...

`open_store()` gives an asynchronous context manager of one `KVBackend`; called twice, one after the other, it gives the same
store again if that is durable. Every test begins with whatever the store holds and only looks at keys of its own.
Needs pytest and pytest-asyncio. Call `pytest.register_assert_rewrite("tarmac_kv.conformance")` first for full messages.
"""

import asyncio
import contextlib
import gc
import os
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias, TypeVar

import pytest
import pytest_asyncio

from tarmac_kv.backend import Answer, KVBackend, KVError, NotSupportedError
from tarmac_kv.limits import MAX_KEY_BYTES

T = TypeVar("T")
OpenStore: TypeAlias = Callable[[], AbstractAsyncContextManager[KVBackend]]


async def answered(answer: Answer[T]) -> T:
    """The value of an answer, whether it has to be waited for or not."""
    if isinstance(answer, Awaitable):
        return await answer
    return answer


class Suite:
    """Fixtures of all classes."""

    pytestmark = pytest.mark.asyncio

    @pytest_asyncio.fixture
    async def store(self, open_store: OpenStore) -> AsyncIterator[KVBackend]:
        """The opened store."""
        async with open_store() as store:
            yield store

    @pytest.fixture
    def own(self) -> bytes:
        """A beginning for keys that no other test has."""
        return uuid.uuid4().hex.encode() + b"/"


class Bytes(Suite):
    """Keys and values go in and come out as they are."""

    @pytest.mark.parametrize(
        "value",
        [b"", b"\0", b"text", bytes(range(256)), b"\xff\xfe", b"{", os.urandom(1 << 20)],
        ids=["empty", "zero", "text", "all bytes", "not utf-8", "brace", "1 MiB"],
    )
    async def test_a_value_comes_back_as_it_was_set(self, store: KVBackend, own: bytes, value: bytes) -> None:
        await answered(store.set(own, value))
        fetched = await answered(store.get(own))
        assert type(fetched) is bytes
        assert fetched == value

    @pytest.mark.parametrize(
        "tail",
        [b" ", b"\0", b"\0\0a", b"a:b*c?[d]>.$", b"\xff\xfe\xfd", "ключ".encode(), bytes(range(256)), b"a/b\\c\r\n"],
        ids=["space", "zero", "zeros", "signs", "not utf-8", "unicode", "all bytes", "lines"],
    )
    async def test_a_key_may_have_any_bytes(self, store: KVBackend, own: bytes, tail: bytes) -> None:
        await answered(store.set(own + tail, b"value"))
        assert await answered(store.get(own + tail)) == b"value"
        assert (await answered(store.keys(prefix=own))).keys == [own + tail]
        await answered(store.delete(own + tail))
        assert await answered(store.get(own + tail)) is None

    @pytest.mark.parametrize("byte", range(0, 256, 15))
    async def test_a_key_may_have_one_byte(self, store: KVBackend, byte: int) -> None:
        key = bytes((byte,))
        await answered(store.set(key, b"short"))
        assert await answered(store.get(key)) == b"short"
        await answered(store.delete(key))

    @pytest.mark.parametrize("length", [200, 254, 255, 256, 478, 479, 480, 510, 511, 512, 1024, MAX_KEY_BYTES])
    async def test_a_key_may_be_long(self, store: KVBackend, own: bytes, length: int) -> None:
        key = own.ljust(length - 1, b"k")
        await answered(store.set(key + b"1", b"one"))
        await answered(store.set(key + b"2", b"two"))
        assert await answered(store.get(key + b"1")) == b"one"
        assert await answered(store.get(key + b"2")) == b"two"
        assert await answered(store.get(key + b"3")) is None
        assert sorted((await answered(store.keys(prefix=own))).keys) == [key + b"1", key + b"2"]
        await answered(store.delete(key + b"1"))
        assert (await answered(store.keys(prefix=own))).keys == [key + b"2"]

    async def test_keys_that_begin_alike_are_different_keys(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own + b"a", b"1"))
        await answered(store.set(own + b"a\0", b"2"))
        await answered(store.set(own + b"A", b"3"))
        assert [await answered(store.get(own + key)) for key in (b"a", b"a\0", b"A")] == [b"1", b"2", b"3"]


class Keys(Suite):
    """Missing, replaced and deleted keys."""

    async def test_a_missing_key_is_none(self, store: KVBackend, own: bytes) -> None:
        assert await answered(store.get(own)) is None

    async def test_set_replaces_the_value(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"first, and longer"))
        await answered(store.set(own, b"second"))
        assert await answered(store.get(own)) == b"second"
        assert (await answered(store.keys(prefix=own))).keys == [own]

    async def test_a_deleted_key_is_gone(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"value"))
        await answered(store.delete(own))
        assert await answered(store.get(own)) is None
        assert (await answered(store.keys(prefix=own))).keys == []

    async def test_deleting_a_missing_key_is_no_error(self, store: KVBackend, own: bytes) -> None:
        await answered(store.delete(own))

    async def test_all_keys_are_listed_without_a_prefix(self, store: KVBackend, own: bytes) -> None:
        names = {own + str(number).encode() for number in range(20)}
        for name in names:
            await answered(store.set(name, b""))
        page = await answered(store.keys())
        assert names <= set(page.keys)
        assert len(page.keys) == len(set(page.keys))
        assert page.cursor == b""


class Scans(Suite):
    """Listing by prefix, page by page."""

    async def test_a_prefix_selects_the_keys_that_begin_with_it(self, store: KVBackend, own: bytes) -> None:
        for tail in (b"a", b"ab", b"abc", b"b", b"*", b"a*", b"\xff", b"\xff\xff"):
            await answered(store.set(own + tail, b""))
        assert await self._listed(store, own + b"ab") == [b"ab", b"abc"]
        assert await self._listed(store, own + b"a*") == [b"a*"]
        assert await self._listed(store, own + b"\xff") == [b"\xff", b"\xff\xff"]
        assert await self._listed(store, own + b"c") == []

    async def _listed(self, store: KVBackend, prefix: bytes) -> list[bytes]:
        page = await answered(store.keys(prefix=prefix))
        return sorted(key.partition(b"/")[2] for key in page.keys)

    @pytest.mark.parametrize("limit", [1, 7, 50, 1000])
    async def test_pages_together_hold_each_key(self, store: KVBackend, own: bytes, limit: int) -> None:
        names = {own + b"%03d" % number for number in range(50)} | {own.ljust(600, b"l") + b"%d" % i for i in range(5)}
        await asyncio.gather(*(answered(store.set(name, b"value")) for name in names))
        assert set(await _all_pages(store, own, limit)) == names

    async def test_keys_that_stay_are_listed_while_others_come_and_go(self, store: KVBackend, own: bytes) -> None:
        stay = {own + b"%03d" % number for number in range(0, 100, 2)}
        for name in stay:
            await answered(store.set(name, b""))

        async def disturb(turn: int) -> None:
            await answered(store.set(own + b"%03d" % (turn * 2 % 100 + 1), b""))
            await answered(store.delete(own + b"%03d" % ((turn * 2 + 50) % 100 + 1)))

        assert stay <= set(await _all_pages(store, own, 5, between=disturb))

    async def test_a_cursor_made_up_by_a_guest_harms_nothing(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b""))
        for cursor in (b"\0", b"x" * 40_000, b"\xff" * 600, b"-1", b"99999999999999999999999"):
            with contextlib.suppress(KVError):
                page = await answered(store.keys(prefix=own, cursor=cursor, limit=5))
                assert set(page.keys) <= {own}
        assert await answered(store.get(own)) == b""


async def _all_pages(
    store: KVBackend, prefix: bytes, limit: int, *, between: Callable[[int], Awaitable[None]] | None = None
) -> list[bytes]:
    found: list[bytes] = []
    cursor = b""
    for turn in range(10_000):
        page = await answered(store.keys(prefix=prefix, cursor=cursor, limit=limit))
        found += page.keys
        cursor = page.cursor
        if not cursor:
            return found
        if between is not None:
            await between(turn)
    raise AssertionError("the cursor never became empty")


class Writers(Suite):
    """Many writers at once."""

    async def test_writes_at_the_same_time_are_all_kept(self, store: KVBackend, own: bytes) -> None:
        async def write(writer: int) -> None:
            for turn in range(10):
                key = own + b"%d/%d" % (writer, turn)
                await answered(store.set(key, key * 2))
                assert await answered(store.get(key)) == key * 2

        await asyncio.gather(*(write(writer) for writer in range(50)))
        assert len((await answered(store.keys(prefix=own))).keys) == 500

    async def test_the_last_of_one_writers_writes_stays(self, store: KVBackend, own: bytes) -> None:
        async def write(writer: int) -> None:
            for turn in range(20):
                await answered(store.set(own + b"%d" % writer, b"%d" % turn))

        await asyncio.gather(*(write(writer) for writer in range(20)))
        for writer in range(20):
            assert await answered(store.get(own + b"%d" % writer)) == b"19"

    async def test_a_cancelled_write_hurts_no_other(self, store: KVBackend, own: bytes) -> None:
        writes = [asyncio.ensure_future(_set(store, own + b"%d" % number)) for number in range(20)]
        await asyncio.sleep(0)
        for write in writes[::2]:
            write.cancel()
        await asyncio.gather(*writes, return_exceptions=True)
        for number in range(1, 20, 2):
            assert await answered(store.get(own + b"%d" % number)) == b"value"


async def _set(store: KVBackend, key: bytes) -> None:
    await answered(store.set(key, b"value"))


class TimeToLive(Suite):
    """Values that vanish. `shortest_ttl_ms` is the store's resolution; stores without expiry use `NoTimeToLive`."""

    shortest_ttl_ms = 60

    async def test_a_value_is_there_before_its_time_and_gone_after(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own + b"soon", b"value", ttl_ms=self.shortest_ttl_ms))
        await answered(store.set(own + b"later", b"value", ttl_ms=3_600_000))
        await answered(store.set(own + b"never", b"value"))
        assert await answered(store.get(own + b"soon")) == b"value"
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


class LifeCycle(Suite):
    """Opening, health, closing."""

    async def test_an_open_store_is_healthy(self, store: KVBackend) -> None:
        await answered(store.health())

    async def test_a_closed_store_says_so(self, open_store: OpenStore, own: bytes) -> None:
        async with open_store() as store:
            await answered(store.set(own, b"value"))
        with pytest.raises(KVError, match="closed"):
            await answered(store.get(own))
        with pytest.raises(KVError, match="closed"):
            await answered(store.set(own, b"value"))
        with pytest.raises(KVError, match="closed"):
            await answered(store.delete(own))
        with pytest.raises(KVError, match="closed"):
            await answered(store.keys())
        with pytest.raises(KVError, match="closed"):
            await answered(store.health())

    async def test_nothing_is_left_after_closing(self, open_store: OpenStore, own: bytes) -> None:
        async with open_store() as store:
            await answered(store.set(own, b"value"))
        before = _held()
        for _ in range(3):
            async with open_store() as store:
                await answered(store.set(own, b"value"))
                assert await answered(store.get(own)) == b"value"
        gc.collect()
        assert _held() == before

    async def test_a_failure_inside_closes_the_store_too(self, open_store: OpenStore, own: bytes) -> None:
        async def fail() -> None:
            async with open_store() as store:
                opened.append(store)
                raise ZeroDivisionError

        opened: list[KVBackend] = []
        with pytest.raises(ZeroDivisionError):
            await fail()
        with pytest.raises(KVError, match="closed"):
            await answered(opened[0].get(own))


def _held() -> tuple[int, int, int]:
    """Threads, tasks and open files of this process."""
    return threading.active_count(), len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))


class Durable(Suite):
    """For stores that outlive the process."""

    async def test_what_was_answered_is_there_after_a_new_start(self, open_store: OpenStore, own: bytes) -> None:
        long_key = own.ljust(5000, b"k")
        async with open_store() as store:
            await answered(store.set(own, b"value"))
            await answered(store.set(long_key, b"long"))
            await answered(store.set(own + b"gone", b"value"))
            await answered(store.delete(own + b"gone"))
        async with open_store() as store:
            assert await answered(store.get(own)) == b"value"
            assert await answered(store.get(long_key)) == b"long"
            assert sorted((await answered(store.keys(prefix=own))).keys) == [own, long_key]

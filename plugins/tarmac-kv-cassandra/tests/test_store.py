"""What is special about this store: whole seconds, two kinds of writes, and keys in the order of the ring."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio
from tarmac_kv import KVError, NotSupportedError
from tarmac_kv_cassandra import scan
from tarmac_kv_cassandra.store import CassandraKV
from tarmac_kv_cassandra.table import Table

from tests.services.cassandra import CassandraServer

OpenCassandra = Callable[..., AbstractAsyncContextManager[CassandraKV]]
YEAR_MS = 365 * 24 * 3600 * 1000


@pytest_asyncio.fixture
async def store(
    shared_server: CassandraServer, open_with: OpenCassandra, request: pytest.FixtureRequest
) -> AsyncIterator[CassandraKV]:
    """With a table of the test's own."""
    table = f"t{abs(hash(request.node.name)):x}"
    async with open_with(**shared_server.settings, table=table) as store:
        yield store


async def test_a_value_is_never_gone_before_its_time(store: CassandraKV) -> None:
    async def lives(delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        key = b"%f" % delay_s
        began_s = time.monotonic()
        await store.set(key, b"value", ttl_ms=1000)
        await asyncio.sleep(0.95 - (time.monotonic() - began_s))
        assert await store.get(key) == b"value" or time.monotonic() - began_s > 1
        await asyncio.sleep(1.2)
        assert await store.get(key) is None
        assert await store.cas(key, expected=None, value=b"again")

    await asyncio.gather(*(lives(tenth / 10) for tenth in range(10)))


async def test_a_swapped_value_has_a_time_too(store: CassandraKV) -> None:
    assert await store.cas(b"key", expected=None, value=b"value", ttl_ms=1)
    assert await store.get(b"key") == b"value"
    await asyncio.sleep(2.05)
    assert await store.get(b"key") is None
    assert (await store.keys()).keys == []


async def test_a_time_beyond_the_servers_is_refused_in_words(store: CassandraKV) -> None:
    with pytest.raises(NotSupportedError, match="20 years"):
        await store.set(b"key", b"value", ttl_ms=21 * YEAR_MS)
    assert await store.get(b"key") is None


async def test_writes_and_swaps_of_one_key_are_kept_in_their_order(store: CassandraKV) -> None:
    for turn in range(150):
        await store.set(b"key", b"set %d" % turn)
        assert await store.cas(b"key", expected=b"set %d" % turn, value=b"swapped %d" % turn)
        assert await store.get(b"key") == b"swapped %d" % turn
        await store.delete(b"key")
        assert await store.cas(b"key", expected=None, value=b"new %d" % turn)
        assert not await store.cas(b"key", expected=None, value=None)


async def test_nothing_expected_and_nothing_given_asks_whether_a_key_is_missing(store: CassandraKV) -> None:
    assert await store.cas(b"key", expected=None, value=None)
    await store.set(b"key", b"")
    assert not await store.cas(b"key", expected=None, value=None)
    assert await store.get(b"key") == b""


async def test_a_page_ends_after_many_rows_without_the_prefix(
    store: CassandraKV, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "_MOST_ROWS", 20)
    await asyncio.gather(*(store.set(b"a%d" % number, b"") for number in range(100)))
    await store.set(b"b", b"")
    found: list[bytes] = []
    cursor, pages = b"", 0
    while cursor or not pages:
        page = await store.keys(prefix=b"b", cursor=cursor, limit=10)
        found += page.keys
        cursor, pages = page.cursor, pages + 1
    assert found == [b"b"]
    assert pages == 6
    assert (await store.keys(prefix=b"b")).keys == [b"b"]


async def test_more_keys_than_a_page_of_the_driver_are_all_listed(store: CassandraKV) -> None:
    names = {b"%05d" % number for number in range(5500)}
    for part in range(0, 5500, 500):
        await asyncio.gather(*(store.set(b"%05d" % number, b"") for number in range(part, part + 500)))
    page = await store.keys()
    assert len(page.keys) == len(names)
    assert set(page.keys) == names


async def test_keys_with_one_token_stay_on_one_page() -> None:
    class OneToken:
        async def page(self, _: object, values: tuple[int], *, state: bytes | None) -> tuple[list[Any], bytes | None]:
            rows = [(b"a", 1), (b"b", 2), (b"c", 2), (b"d", 2), (b"e", 3)]
            return [row for row in rows if row[1] > values[0]], None

    calls: Any = OneToken()
    nothing: Any = None
    table = Table(False, *[nothing] * 6)
    first = await scan.scan(calls, table, prefix=b"", cursor=b"", limit=2)
    assert first == ([b"a", b"b", b"c", b"d"], b"2")
    assert await scan.scan(calls, table, prefix=b"", cursor=first.cursor, limit=2) == ([b"e"], b"")


@pytest.mark.parametrize("cursor", [b"x", b"--1", b"1 ", b"9223372036854775808", "²".encode()], ids=repr)
async def test_a_cursor_that_is_no_token_is_refused(store: CassandraKV, cursor: bytes) -> None:
    with pytest.raises(KVError, match="the cursor is not one of this store"):
        await store.keys(cursor=cursor)

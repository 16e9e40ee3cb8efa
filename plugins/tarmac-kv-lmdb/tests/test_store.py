"""Expiry is swept from the file, long scans let the loop run, hashed keys keep their names."""

import asyncio
from typing import Any

import pytest
from tarmac_kv import KVError


def entries(store: Any) -> tuple[int, int]:
    """How many records and how many expiry times the file holds."""
    with store._database.reading() as transaction:
        values = transaction.stat(store._database.values)["entries"]
        return values, transaction.stat(store._database.expiries)["entries"]


async def test_expired_keys_leave_the_file_without_being_asked_for(open_with: Any) -> None:
    async with open_with(sweep_interval_s=60) as store:
        await store.set(b"stays", b"value")
        writes = [store.set(b"%d" % number + b"k" * (number % 700), b"value", ttl_ms=50) for number in range(2500)]
        await asyncio.gather(*writes)
        await store.set(b"7" + b"k" * 7, b"set again")
        assert entries(store) == (2501, 2500)
    async with open_with(sweep_interval_s=0.05) as store:
        for _ in range(200):
            await asyncio.sleep(0.02)
            if entries(store) == (2, 0):
                break
        assert entries(store) == (2, 0)
        assert store.get(b"stays") == b"value"
        assert store.get(b"7" + b"k" * 7) == b"set again"


async def test_expiry_holds_over_a_new_start(open_with: Any) -> None:
    async with open_with(sweep_interval_s=60) as store:
        await store.set(b"soon", b"value", ttl_ms=50)
        await store.set(b"later", b"value", ttl_ms=60_000)
    await asyncio.sleep(0.06)
    async with open_with(sweep_interval_s=60) as store:
        assert store.get(b"soon") is None
        assert store.get(b"later") == b"value"
        assert store.keys().keys == [b"later"]


async def test_a_key_that_is_set_often_with_a_long_time_does_not_fill_the_file(open_with: Any) -> None:
    async with open_with(sweep_interval_s=60) as store:
        for number in range(300):
            await store.set(b"key", b"value", ttl_ms=3_600_000 + number)
        for number in range(300):
            assert await store.cas(b"key", expected=b"value", value=b"value", ttl_ms=7_200_000 + number)
        assert entries(store) == (1, 1)
        await store.delete(b"key")
        assert entries(store) == (0, 0)


async def test_reads_answer_at_once(open_with: Any) -> None:
    async with open_with() as store:
        await store.set(b"key", b"value")
        assert type(store.get(b"key")) is bytes
        assert store.get(b"none") is None
        assert store.keys(limit=5).keys == [b"key"]


async def test_listing_many_keys_lets_the_loop_run(open_with: Any) -> None:
    async with open_with() as store:
        names = {b"%06d" % number for number in range(20_000)}
        await asyncio.gather(*(store.set(name, b"") for name in names))
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        page = await store.keys()
        counting.cancel()
        assert set(page.keys) == names
        assert page.cursor == b""
        assert turns >= 15
        page = await store.keys(limit=5000)
        assert len(page.keys) == 5000
        assert page.cursor


async def test_keys_that_differ_only_after_their_stored_part_are_apart(open_with: Any) -> None:
    async with open_with() as store:
        names = [b"k" * 600 + b"%d" % number for number in range(20)] + [b"k" * 510, b"k" * 511, b"k" * 479]
        await asyncio.gather(*(store.set(name, name[-3:]) for name in names))
        assert all(store.get(name) == name[-3:] for name in names)
        assert sorted(store.keys().keys) == sorted(names)
        assert sorted(store.keys(prefix=b"k" * 600 + b"1").keys) == sorted(
            name for name in names if name.startswith(b"k" * 600 + b"1")
        )


async def test_a_cursor_longer_than_any_key_is_refused(open_with: Any) -> None:
    async with open_with() as store:
        with pytest.raises(KVError, match="cursor"):
            store.keys(cursor=b"x" * 512)


async def test_a_swap_with_a_time_expires(open_with: Any) -> None:
    async with open_with() as store:
        assert await store.cas(b"key", expected=None, value=b"value", ttl_ms=500)
        assert store.get(b"key") == b"value"
        await asyncio.sleep(0.51)
        assert store.get(b"key") is None
        assert await store.cas(b"key", expected=None, value=b"new")
        assert store.get(b"key") == b"new"

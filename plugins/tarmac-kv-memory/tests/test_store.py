"""Limits, expiry and pages of the memory store."""

import asyncio

import pytest
from tarmac_kv import KVError
from tarmac_kv_memory.store import MemoryKV


def test_a_full_store_refuses_new_values_and_keeps_the_old() -> None:
    store = MemoryKV(max_bytes=100)
    store.set(b"key", bytes(90))
    with pytest.raises(KVError, match="the store is full: memory_max_bytes is 100"):
        store.set(b"other", bytes(10))
    with pytest.raises(KVError, match="full"):
        store.set(b"key", bytes(98))
    assert store.get(b"key") == bytes(90)
    assert store.get(b"other") is None


def test_replacing_and_deleting_give_room_back() -> None:
    store = MemoryKV(max_bytes=100)
    for _ in range(10):
        store.set(b"key", bytes(97))
        store.set(b"key", b"")
        store.set(b"other", bytes(90))
        store.delete(b"other")
        store.delete(b"other")
    assert store.cas(b"key", expected=b"", value=None)
    store.set(b"k", bytes(99))


async def test_expired_values_give_room_back_without_being_asked_for() -> None:
    store = MemoryKV(max_bytes=100)
    store.set(b"key", bytes(90), ttl_ms=20)
    await asyncio.sleep(0.03)
    store.set(b"other", bytes(90))
    assert store.keys().keys == [b"other"]


async def test_a_time_that_was_taken_back_removes_nothing() -> None:
    store = MemoryKV()
    store.set(b"key", b"first", ttl_ms=20)
    store.set(b"key", b"second")
    await asyncio.sleep(0.03)
    store.set(b"other", b"", ttl_ms=60_000)
    assert store.get(b"key") == b"second"


async def test_setting_a_key_often_with_a_time_leaves_nothing_behind() -> None:
    store = MemoryKV()
    for _ in range(1000):
        store.set(b"key", b"value", ttl_ms=20)
    await asyncio.sleep(0.03)
    assert store.get(b"key") is None
    assert not store._expiry_heap


async def test_setting_a_key_often_with_a_long_time_takes_no_more_and_more_memory() -> None:
    store = MemoryKV(max_bytes=100)
    store.set(b"soon", b"", ttl_ms=20)
    for _ in range(10_000):
        store.set(b"key", b"value", ttl_ms=60_000)
    assert len(store._expiry_heap) < 200
    await asyncio.sleep(0.03)
    assert store.get(b"soon") is None
    assert store.get(b"key") == b"value"


def test_pages_are_in_byte_order_and_see_keys_that_come_later() -> None:
    store = MemoryKV()
    for key in (b"b", b"a", b"d"):
        store.set(key, b"")
    first = store.keys(limit=2)
    assert first == ([b"a", b"b"], b"b")
    store.set(b"c", b"")
    assert store.keys(cursor=first.cursor, limit=2) == ([b"c", b"d"], b"")

"""Opening, closing, opening again."""

import asyncio
import gc
import threading
from pathlib import Path

import pytest

from tarmac_kv.backend import KVBackend, KVError
from tarmac_kv.conformance.suite import OpenStore, Suite, answered


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
        threads, tasks, files = _held()
        assert threads <= before[0]
        assert tasks <= before[1]
        assert files <= before[2]

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


def _held() -> tuple[set[threading.Thread], set["asyncio.Task[object]"], int]:
    """Threads, tasks and the number of open files of this process."""
    return set(threading.enumerate()), asyncio.all_tasks(), len(list(Path("/proc/self/fd").iterdir()))


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

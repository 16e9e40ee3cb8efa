"""The file grows, up to its limit, and tells when it was taken away."""

import asyncio
import mmap
import multiprocessing
import os
from pathlib import Path
from typing import Any

import lmdb
import pytest
from tarmac_kv import KVError

MIB = 1 << 20


async def test_the_map_grows_under_writers_and_readers(open_with: Any, tmp_path: Path) -> None:
    values = {b"%03d" % number: os.urandom(MIB // 4) for number in range(100)}
    async with open_with(initial_bytes=MIB) as store:
        await store.set(b"first", b"value")

        async def read() -> None:
            while not writing.done():
                assert store.get(b"first") == b"value"
                assert b"first" in store.keys().keys
                await asyncio.sleep(0)

        writing = asyncio.gather(*(store.set(key, value) for key, value in values.items()))
        await asyncio.gather(writing, read(), read())
        assert all(store.get(key) == value for key, value in values.items())
    assert (tmp_path / "tarmac.db").stat().st_size > 25 * MIB
    async with open_with(initial_bytes=MIB) as store:
        assert all(store.get(key) == value for key, value in values.items())


async def test_beyond_its_limit_the_store_is_full_and_goes_on_working(open_with: Any, records: Any) -> None:
    async with open_with(initial_bytes=MIB, max_bytes=4 * MIB) as store:
        await store.set(b"small", b"value")
        answers = await asyncio.gather(
            *(store.set(b"big%d" % number, bytes(MIB)) for number in range(8)), return_exceptions=True
        )
        refused = [answer for answer in answers if answer is not None]
        assert 0 < len(refused) < 8
        assert {str(answer) for answer in refused} == {"the store is full: lmdb_max_bytes is 4194304"}
        assert all(isinstance(answer, KVError) for answer in refused)
        assert store.get(b"small") == b"value"
        await store.delete(b"big0")
        await store.set(b"again", b"value")
        assert store.get(b"again") == b"value"
    assert any("fail: the store is full" in message for message in records.messages())


async def test_a_map_that_memory_has_no_room_for_fails_that_write_alone(
    open_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    async with open_with(initial_bytes=MIB) as store:
        monkeypatch.setattr(mmap, "mmap", refuse)
        with pytest.raises(KVError, match="cannot grow to 2097152 bytes"):
            await store.set(b"big", bytes(2 * MIB))
        await store.set(b"small", b"value")
        assert store.get(b"small") == b"value"


def _write_much(path: str) -> None:
    environment = lmdb.open(path, subdir=False, map_size=64 * MIB, max_dbs=16)
    values = environment.open_db(b"tarmac")
    for number in range(40):
        with environment.begin(values, write=True) as transaction:
            transaction.put(b"other%d" % number, b"\0" + bytes(MIB))
    environment.close()


async def test_a_file_that_another_process_grew_is_read_and_written(open_with: Any, tmp_path: Path) -> None:
    async with open_with(initial_bytes=MIB) as store:
        await store.set(b"own", b"value")
        other = multiprocessing.get_context("spawn").Process(target=_write_much, args=(str(tmp_path / "tarmac.db"),))
        other.start()
        while other.is_alive():
            assert store.get(b"own") == b"value"
            await store.set(b"turn", b"value")
            await asyncio.sleep(0.005)
        other.join()
        assert other.exitcode == 0
        assert store.get(b"other39") == bytes(MIB)
        await store.set(b"own", b"again")
        assert store.get(b"own") == b"again"


async def test_health_tells_that_the_file_was_removed(open_with: Any, tmp_path: Path) -> None:
    async with open_with() as store:
        assert store.health() is None
        (tmp_path / "tarmac.db").unlink()
        with pytest.raises(KVError, match="removed or replaced"):
            store.health()


@pytest.mark.parametrize(("sync", "flags"), [("full", (True, True)), ("meta", (True, False)), ("none", (False, False))])
async def test_every_sync_mode_keeps_what_was_written(open_with: Any, sync: str, flags: tuple[bool, bool]) -> None:
    async with open_with(sync=sync) as store:
        found = store._database._env.flags()
        assert (found["sync"], found["metasync"]) == flags
        await store.set(b"key", b"value")
    async with open_with() as store:
        assert store.get(b"key") == b"value"


async def test_buckets_of_one_file_do_not_meet(open_with: Any) -> None:
    async with open_with(bucket="one") as store:
        await store.set(b"key", b"value")
    async with open_with(bucket="two") as store:
        assert store.get(b"key") is None
        assert store.keys().keys == []
    async with open_with(bucket="one") as store:
        assert store.get(b"key") == b"value"


def _panic_once(database: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the next transaction fail as after a failed write of the file's head, which cannot be made to happen."""
    original = getattr(database, name)

    def fail() -> Any:
        monkeypatch.setattr(database, name, original)
        raise lmdb.PanicError("mdb_txn_begin")

    monkeypatch.setattr(database, name, fail)


async def test_a_file_that_lmdb_gave_up_is_opened_again_by_the_next_write(
    open_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_with() as store:
        await store.set(b"key", b"value")
        before = store._database._env
        _panic_once(store._database, monkeypatch, "begin_writing")
        await store.set(b"key", b"again")
        assert store._database._env is not before
        assert store.get(b"key") == b"again"


async def test_a_read_that_lmdb_refuses_is_told_to_the_guest(open_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_with() as store:
        for read in (lambda: store.get(b"key"), store.keys, store.health):
            _panic_once(store._database, monkeypatch, "_begin_reading")
            with pytest.raises(KVError, match="the store cannot read: mdb_txn_begin"):
                read()
        assert store.get(b"key") is None

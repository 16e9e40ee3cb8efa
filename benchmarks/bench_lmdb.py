"""Writes a second of 64 clients at once on the LMDB store, beside LMDB used bare with one transaction a write.

Both write to the same file in turns. Rewriting random keys touches one page a write either way, so that where a disk
synchronises in microseconds the pages bound the gain; the figure asked for is that of new keys in order, like a log's.
"""

import asyncio
import random
import statistics
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import lmdb
from tarmac_kv_lmdb.plugin import LmdbSettings, open_lmdb
from tarmac_kv_lmdb.store import LmdbKV

from benchmarks.figure import Figure
from tarmac_core.plugin import Context
from tarmac_core.testing import Records

CLIENTS = 64
ROUNDS = 7
ROUND_S = 0.4
VALUE = bytes(100)


def figures() -> Iterator[Figure]:
    """Medians of rounds; both sides of a round follow each other."""
    workloads = {"new keys": _new_keys(), "own key of each client": _own_keys(), "random of 20,000": _random_keys()}
    for name, next_key in workloads.items():
        with tempfile.TemporaryDirectory(dir=".") as folder:
            rounds = asyncio.run(_rounds(Path(folder), next_key))
        bare, grouped = (statistics.median(column) for column in zip(*rounds, strict=True))
        gain = statistics.median(after / before for before, after in rounds)
        yield Figure(f"writes, {name}: one transaction each", bare, "/s")
        yield Figure(f"writes, {name}: {CLIENTS} clients", grouped, "/s")
        yield Figure(f"writes, {name}: gain", gain, "times", 10 if name == "new keys" else None, at_least=True)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        yield Figure("read of 100 bytes", asyncio.run(_read_us(Path(folder))), "us")


def _new_keys() -> Callable[[], bytes]:
    numbers = count()
    return lambda: b"order/%012d" % next(numbers)


def _own_keys() -> Callable[[], bytes]:
    numbers = count()
    return lambda: b"client/%02d" % (next(numbers) % CLIENTS)


def _random_keys() -> Callable[[], bytes]:
    pick = random.Random(1)
    return lambda: b"user/%05d" % pick.randrange(20_000)


def _context(folder: Path) -> Context:
    records = Records()
    return Context(
        log=records.log("kvstore.lmdb"),
        invoke=records.invoke,
        observe=records.events.append,
        data_dir=folder,
        clock=time.monotonic,
    )


async def _rounds(folder: Path, next_key: Callable[[], bytes]) -> list[tuple[float, float]]:
    results = []
    for _ in range(ROUNDS + 1):
        bare = _bare(folder, next_key)
        async with open_lmdb(LmdbSettings(), _context(folder)) as store:
            assert isinstance(store, LmdbKV)
            results.append((bare, await _grouped(store, next_key)))
    return results[1:]


def _bare(folder: Path, next_key: Callable[[], bytes]) -> float:
    environment = lmdb.open(str(folder / "tarmac.db"), subdir=False, map_size=1 << 30, max_dbs=16)
    values = environment.open_db(b"tarmac")
    began = time.perf_counter()
    writes = 0
    while time.perf_counter() - began < ROUND_S:
        with environment.begin(values, write=True) as transaction:
            transaction.put(next_key(), b"\0" + VALUE)
        writes += 1
    speed = writes / (time.perf_counter() - began)
    environment.close()
    return speed


async def _grouped(store: LmdbKV, next_key: Callable[[], bytes]) -> float:
    began = time.perf_counter()
    writes = 0

    async def client() -> None:
        nonlocal writes
        while time.perf_counter() - began < ROUND_S:
            await store.set(next_key(), VALUE)
            writes += 1

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return writes / (time.perf_counter() - began)


async def _read_us(folder: Path) -> float:
    async with open_lmdb(LmdbSettings(), _context(folder)) as store:
        assert isinstance(store, LmdbKV)
        await store.set(b"key", VALUE)
        return min(timeit.repeat(lambda: store.get(b"key"), number=20_000, repeat=5)) / 20_000 * 1e6

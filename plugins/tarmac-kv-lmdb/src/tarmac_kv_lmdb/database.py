"""The opened file: transactions, and a map that grows while others read."""

import mmap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import lmdb
from tarmac_kv import KVError

from tarmac_kv_lmdb.path import LmdbFileError

T = TypeVar("T")
Transaction: TypeAlias = "lmdb.Transaction[memoryview]"

_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """Size of the map at first, and the most it may become (0: no limit)."""

    initial_bytes: int
    max_bytes: int


class Database:
    """One LMDB environment with the bucket's database and the one of expiry times.

    Reads come from the event loop's thread, writes from one other. LMDB must not move its map under an open transaction, so
    that reads and moves exclude each other by a lock; it is never held while a disk is waited for.
    """

    def __init__(self, path: Path, bucket: bytes, limits: Limits, *, mode: int, sync: str) -> None:
        self.path = path
        self._bucket = bucket
        self._limits = limits
        self._mode = mode
        self._sync = sync
        self._lock = threading.Lock()
        self._is_closed = False
        self._open()

    def _open(self) -> None:
        try:
            self._env = self._environment()
            self.values = self._env.open_db(self._bucket)
            self.expiries = self._env.open_db(self._bucket + b".expiries")
            self._env.reader_check()
            self._inode = self.path.stat().st_ino
        except (lmdb.Error, OSError) as error:
            raise LmdbFileError(_opening_failed(self.path, error)) from error

    def _environment(self) -> lmdb.Environment:
        size_bytes = self._limits.initial_bytes
        if self._limits.max_bytes:
            size_bytes = min(size_bytes, self._limits.max_bytes)
        return lmdb.open(
            str(self.path),
            map_size=_whole_pages(size_bytes),
            subdir=False,
            mode=self._mode,
            max_dbs=16,
            max_spare_txns=2,
            # Writes through the map would end the process with SIGBUS on a full disk.
            writemap=False,
            sync=self._sync != "none",
            metasync=self._sync == "full",
        )

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that sees everything committed until now; keep it short, and copy what shall outlive it."""
        with self._lock:
            self._check_open()
            try:
                with self._begin_reading() as transaction:
                    yield transaction
            except lmdb.Error as error:
                raise _cannot_read(error) from error

    def _begin_reading(self) -> Transaction:
        try:
            return self._env.begin(self.values, buffers=True)
        except lmdb.MapResizedError:
            # Another process let the file grow beyond our map; 0 takes its size over.
            self._env.set_mapsize(0)
            return self._env.begin(self.values, buffers=True)

    def get(self, stored: bytes, take: Callable[[memoryview], T]) -> T | None:
        """What `take` makes of the record, while it is valid; None for a missing key."""
        with self._lock:
            self._check_open()
            try:
                with self._begin_reading() as transaction:
                    record = transaction.get(stored)
                    return None if record is None else take(record)
            except lmdb.Error as error:
                raise _cannot_read(error) from error

    def check(self) -> None:
        """Raise `KVError` if the file cannot be read, or is no longer the one that was opened."""
        with self.reading():
            pass
        try:
            is_same = self.path.stat().st_ino == self._inode
        except OSError:
            is_same = False
        if not is_same:
            raise KVError("the store's file was removed or replaced while open")

    def begin_writing(self) -> Transaction:
        """The one write transaction; waits for those of other processes. Only for the writer's thread."""
        try:
            return self._env.begin(self.values, write=True, buffers=True)
        except lmdb.MapResizedError:
            with self._lock:
                self._env.set_mapsize(0)
            return self._env.begin(self.values, write=True, buffers=True)

    def grow(self) -> None:
        """Double the map; only without a write transaction. Raises `KVError` where the limit or memory forbids it."""
        with self._lock:
            old_bytes = self._env.info()["map_size"]
            new_bytes = old_bytes * 2
            if self._limits.max_bytes:
                new_bytes = min(new_bytes, _whole_pages(self._limits.max_bytes))
            if new_bytes <= old_bytes:
                raise KVError(f"the store is full: lmdb_max_bytes is {self._limits.max_bytes}")
            _try_address_space(new_bytes)
            self._env.set_mapsize(new_bytes)

    def reopen(self) -> None:
        """Close and open again, after a failure that LMDB itself does not get over."""
        with self._lock:
            self._env.close()
            self._open()

    def close(self) -> None:
        """Close the file; idempotent. Later calls of `reading` raise `KVError`."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                if self._sync != "full":
                    self._env.sync(force=True)
                self._env.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise KVError("the store is closed")


def _cannot_read(error: lmdb.Error) -> KVError:
    return KVError(f"the store cannot read: {error}")


def _whole_pages(size_bytes: int) -> int:
    return -(-size_bytes // _PAGE_BYTES) * _PAGE_BYTES


def _try_address_space(size_bytes: int) -> None:
    """Raise `KVError` if a map of this size is impossible: LMDB gives up its old map before it asks for the new one."""
    try:
        mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ).close()
    except (OSError, ValueError, OverflowError) as error:
        raise KVError(f"the store cannot grow to {size_bytes} bytes: {error}") from error


def _opening_failed(path: Path, error: Exception) -> str:
    if "already open in this process" in str(error):
        return f"{path}: is already open in this process: give each store a file of its own (lmdb_filename)"
    if isinstance(error, lmdb.VersionMismatchError | lmdb.InvalidError | lmdb.CorruptedError):
        return f"{path}: LMDB cannot read it: {error} (restore it from a copy, or set lmdb_filename to another path)"
    return f"{path}: cannot be opened: {error} (see that its folder is writable, or set lmdb_filename to another path)"

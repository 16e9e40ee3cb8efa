"""The thread that writes: all that waits goes into one transaction, and is answered once that is on the disk."""

import asyncio
import contextlib
import errno
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import lmdb
from tarmac_kv import KVError

from tarmac_core.plugin import Log
from tarmac_kv_lmdb.database import Database, Transaction

T = TypeVar("T")
Apply: TypeAlias = Callable[[Transaction], T]

_MAX_BATCH_BYTES = 32 << 20
_MAX_BATCH_WRITES = 4096
_QUIET_S = 60.0
_LIKE_A_FULL_DISK = {errno.EIO, errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class Write(NamedTuple):
    """One write. A `pair` of stored key and record is put as it is; anything else is done by `apply`."""

    answer: "asyncio.Future[Any]"
    size_bytes: int
    pair: tuple[bytes, bytes] | None = None
    apply: Apply[object] | None = None


class Writer:
    """Owns the thread. `put` and `submit` belong to the event loop; all else happens in the thread."""

    def __init__(self, database: Database, log: Log, *, sweep: Apply[bool], sweep_interval_s: float) -> None:
        self._database = database
        self._log = log
        self._sweep = sweep
        self._sweep_interval_s = sweep_interval_s
        self._next_sweep_s = time.monotonic() + sweep_interval_s
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Write] = []
        self._queue: queue.SimpleQueue[list[Write] | None] = queue.SimpleQueue()
        self._is_closed = False
        self._ended = self._loop.create_future()
        self.failure = ""
        """Why the last commit failed; empty after one that did not."""
        self._was_told = False
        self._quiet_until_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"lmdb-writer {database.path.name}", daemon=True)
        self._thread.start()

    def put(self, stored: bytes, record: bytes) -> "asyncio.Future[None]":
        """Put one pair; the future ends after the commit, or with a `KVError`."""
        answer: asyncio.Future[None] = self._loop.create_future()
        self._accept(Write(answer, len(stored) + len(record), (stored, record)))
        return answer

    def submit(self, apply: Apply[T], size_bytes: int) -> "asyncio.Future[T]":
        """Run `apply` in the thread, in a transaction; it may run again if that has to be repeated."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._accept(Write(answer, size_bytes, apply=apply))
        return answer

    async def close(self) -> None:
        """Commit and answer everything, then end the thread; idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.shield(self._ended)
        self._thread.join()

    def _accept(self, write: Write) -> None:
        if self._is_closed:
            raise KVError("the store is closed")
        if not self._waiting:
            # All writes of this turn of the loop go over together, which wakes the thread once.
            self._loop.call_soon(self._hand_over)
        self._waiting.append(write)

    def _hand_over(self) -> None:
        if self._waiting:
            self._queue.put(self._waiting)
            self._waiting = []

    def _run(self) -> None:
        try:
            while (waiting := self._take()) is not None:
                for batch in _batches(waiting):
                    self._write(batch)
                if time.monotonic() >= self._next_sweep_s:
                    self._try_sweep()
        finally:
            with contextlib.suppress(RuntimeError):  # a loop that is closed already waits for nothing
                self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _take(self) -> list[Write] | None:
        """Everything that waits; an empty list when it is time to sweep; None at the end."""
        try:
            taken = self._queue.get(timeout=max(0.0, self._next_sweep_s - time.monotonic()))
        except queue.Empty:
            return []
        while taken is not None:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                return taken
            if more is None:
                self._queue.put(None)
                return taken
            taken += more
        return None

    def _write(self, batch: Sequence[Write]) -> None:
        """Commit and answer. What fails is tried in halves, so that in the end only the writes that cannot be made fail."""
        try:
            results = self._commit(batch)
        except Exception as error:  # noqa: BLE001 - the thread has to outlive it; the writers are told
            if len(batch) > 1:
                middle = len(batch) // 2
                self._write(batch[:middle])
                self._write(batch[middle:])
                return
            self._note_failure(error)
            self._answer(_fail, batch, error)
        else:
            self._note_success()
            self._answer(_succeed, batch, results)

    def _commit(self, batch: Sequence[Write]) -> list[object]:
        was_reopened = False
        while True:
            try:
                with self._database.begin_writing() as transaction:
                    return _apply(transaction, batch)
            except lmdb.MapFullError:
                self._database.grow()
            except lmdb.PanicError:
                if was_reopened:
                    raise
                self._database.reopen()
                was_reopened = True

    def _answer(self, settle: Callable[[Sequence[Write], Any], None], batch: Sequence[Write], outcome: object) -> None:
        with contextlib.suppress(RuntimeError):  # a loop that is closed already waits for nothing
            self._loop.call_soon_threadsafe(settle, batch, outcome)

    def _note_failure(self, error: Exception) -> None:
        # A guest can make single writes fail as often as it likes; the log must not follow.
        if not self.failure and time.monotonic() >= self._quiet_until_s:
            self._log.error("writes to %s fail: %s", self._database.path, _explained(error))
            self._quiet_until_s = time.monotonic() + _QUIET_S
            self._was_told = True
        self.failure = str(error)

    def _note_success(self) -> None:
        if self.failure and self._was_told:
            self._log.info("writes to %s work again", self._database.path)
            self._was_told = False
        self.failure = ""

    def _try_sweep(self) -> None:
        try:
            with self._database.begin_writing() as transaction:
                has_more = self._sweep(transaction)
        except lmdb.Error as error:
            self._log.warning("expired keys cannot be removed from %s: %s", self._database.path, error)
            has_more = False
        self._next_sweep_s = time.monotonic() + (0.0 if has_more else self._sweep_interval_s)


def _batches(writes: list[Write]) -> Iterator[list[Write]]:
    """Cut into what one transaction may hold, in order."""
    batch: list[Write] = []
    size_bytes = 0
    for write in writes:
        if batch and (size_bytes + write.size_bytes > _MAX_BATCH_BYTES or len(batch) == _MAX_BATCH_WRITES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(write)
        size_bytes += write.size_bytes
    if batch:
        yield batch


def _apply(transaction: Transaction, batch: Sequence[Write]) -> list[object]:
    """Do all writes in order, neighbouring pairs as one call; return their results."""
    cursor = transaction.cursor()
    pairs: list[tuple[bytes, bytes]] = []
    results: list[object] = []
    for write in batch:
        if write.pair is not None:
            pairs.append(write.pair)
            results.append(None)
        elif write.apply is not None:
            cursor.putmulti(pairs)
            pairs = []
            results.append(write.apply(transaction))
    cursor.putmulti(pairs)
    return results


def _succeed(batch: Sequence[Write], results: Sequence[object]) -> None:
    for write, result in zip(batch, results, strict=True):
        if not write.answer.done():
            write.answer.set_result(result)


def _fail(batch: Sequence[Write], error: Exception) -> None:
    for write in batch:
        if not write.answer.done():
            write.answer.set_exception(_for_guests(error))


def _for_guests(error: Exception) -> Exception:
    """What a writer is told; each gets an exception of its own."""
    if isinstance(error, KVError):
        return KVError(str(error))
    return KVError(f"the store cannot write: {_explained(error)}") if isinstance(error, lmdb.Error) else error


def _explained(error: Exception) -> str:
    # LMDB reports a write cut short by a full disk as an input/output error.
    if getattr(error, "code", 0) in _LIKE_A_FULL_DISK:
        return f"{error} (is the disk full?)"
    return str(error)

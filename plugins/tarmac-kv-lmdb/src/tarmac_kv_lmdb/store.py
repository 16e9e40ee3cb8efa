"""The backend: reads answer at once from the map, writes go to the writer."""

import asyncio
from collections.abc import Awaitable
from functools import partial

from tarmac_kv import Answer, KVBackend, KVError, Page

from tarmac_core.plugin import Log
from tarmac_kv_lmdb.database import Database, Transaction
from tarmac_kv_lmdb.records import (
    LONG_KEYS,
    expiry_ms,
    index_key,
    index_time_ms,
    now_ms,
    pack,
    unpack,
    value_of,
)
from tarmac_kv_lmdb.writer import Writer

# Entries that one look into the file passes over; about a third of a millisecond.
_SLICE_ENTRIES = 1000
_SWEEP_ENTRIES = 1000
_MAX_STORED_BYTES = 511


class LmdbKV(KVBackend):
    """One opened file. Reads see every write that has been answered."""

    def __init__(self, database: Database, log: Log, *, sweep_interval_s: float) -> None:
        self._database = database
        self._writer = Writer(database, log, sweep=self._sweep, sweep_interval_s=sweep_interval_s)

    def get(self, key: bytes) -> bytes | None:
        """Return the value or None, at once."""
        if len(key) < _MAX_STORED_BYTES:
            return self._database.get(key, value_of)
        stored = LONG_KEYS.stored(key)
        return self._database.get(stored, partial(_value_of_long, key, stored))

    def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> Awaitable[None]:
        """Store the value; answered after the commit."""
        stored = LONG_KEYS.stored(key)
        if not ttl_ms:
            return self._writer.put(stored, pack(key, value, 0))
        expires_ms = now_ms() + ttl_ms
        record = pack(key, value, expires_ms)
        return self._writer.submit(partial(self._put, stored, record, expires_ms), len(record))

    def delete(self, key: bytes) -> Awaitable[None]:
        """Remove the key; answered after the commit."""
        return self._writer.submit(partial(self._delete, LONG_KEYS.stored(key)), len(key))

    def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> Awaitable[bool]:
        """Compare and set within one write transaction, which excludes all other writers, also of other processes."""
        expires_ms = now_ms() + ttl_ms if ttl_ms else 0
        record = None if value is None else pack(key, value, expires_ms)
        return self._writer.submit(partial(self._swap, key, expected, record, expires_ms), len(record or b""))

    def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Answer[Page]:
        """Return keys in about byte order; the cursor is the stored form of the last key looked at.

        A page of more than a thousand keys is read in slices, between which the loop runs on.
        """
        if len(cursor) > _MAX_STORED_BYTES:
            raise KVError("the cursor is not one of this store's")
        page = self._slice(prefix, cursor, limit or _SLICE_ENTRIES)
        if not page.cursor or 0 < limit <= _SLICE_ENTRIES:
            return page
        return self._more(prefix, page, limit)

    async def _more(self, prefix: bytes, page: Page, limit: int) -> Page:
        found, cursor = page
        while cursor and (not limit or len(found) < limit):
            await asyncio.sleep(0)
            page = self._slice(prefix, cursor, limit - len(found) if limit else _SLICE_ENTRIES)
            found += page.keys
            cursor = page.cursor
        return Page(found, cursor)

    def _slice(self, prefix: bytes, cursor: bytes, limit: int) -> Page:
        found: list[bytes] = []
        start = LONG_KEYS.start(prefix)
        with self._database.reading() as transaction, transaction.cursor() as entries:
            if not entries.set_range(max(start, cursor)):
                return Page(found)
            for passed, (view, record) in enumerate(entries.iternext()):
                stored = bytes(view)
                if not stored.startswith(start):
                    return Page(found)
                if stored == cursor:
                    continue
                opened = unpack(stored, record)
                if opened is not None and opened[0].startswith(prefix):
                    found.append(opened[0])
                if len(found) == limit or passed == _SLICE_ENTRIES:
                    return Page(found, stored)
        return Page(found)

    def health(self) -> Answer[None]:
        """Look into the file; if the last write failed, try one."""
        self._database.check()
        return self._writer.submit(self._probe, 0) if self._writer.failure else None

    async def close(self) -> None:
        """Answer what was accepted, then close the file; idempotent."""
        await self._writer.close()
        # Not where the wait above was given up: the thread may still be in a transaction of this file.
        self._database.close()

    def _put(self, stored: bytes, record: bytes, expires_ms: int, transaction: Transaction) -> None:
        self._drop_expiry(stored, transaction)
        transaction.put(stored, record)
        if expires_ms:
            transaction.put(index_key(expires_ms, stored), stored, db=self._database.expiries)

    def _delete(self, stored: bytes, transaction: Transaction) -> None:
        self._drop_expiry(stored, transaction)
        transaction.delete(stored)

    def _drop_expiry(self, stored: bytes, transaction: Transaction) -> None:
        """A key that is set again and again would leave its old times in the file until they come."""
        record = transaction.get(stored)
        old_ms = expiry_ms(record) if record is not None else 0
        if old_ms:
            transaction.delete(index_key(old_ms, stored), db=self._database.expiries)

    def _swap(
        self,
        key: bytes,
        expected: bytes | None,
        record: bytes | None,
        expires_ms: int,
        transaction: Transaction,
    ) -> bool:
        stored = LONG_KEYS.stored(key)
        view = transaction.get(stored)
        if (None if view is None else _value_of_long(key, stored, view)) != expected:
            return False
        if record is None:
            self._delete(stored, transaction)
        else:
            self._put(stored, record, expires_ms, transaction)
        return True

    def _sweep(self, transaction: Transaction) -> bool:
        """Remove keys whose time has come; tell whether there may be more."""
        now = now_ms()
        due: list[tuple[bytes, bytes]] = []
        with transaction.cursor(self._database.expiries) as entries:
            for entry, stored in entries.iternext():
                if index_time_ms(bytes(entry)) > now or len(due) == _SWEEP_ENTRIES:
                    break
                due.append((bytes(entry), bytes(stored)))
        for entry_key, stored_key in due:
            record = transaction.get(stored_key)
            # A key that was set again has another time, or none.
            if record is not None and 0 < expiry_ms(record) <= now:
                transaction.delete(stored_key)
            transaction.delete(entry_key, db=self._database.expiries)
        return len(due) == _SWEEP_ENTRIES

    def _probe(self, transaction: Transaction) -> None:
        transaction.put(b"\0", b"", db=self._database.expiries)
        transaction.delete(b"\0", db=self._database.expiries)


def _value_of_long(key: bytes, stored: bytes, record: memoryview) -> bytes | None:
    opened = unpack(stored, record)
    return bytes(opened[1]) if opened is not None and opened[0] == key else None

"""The backend: each method is one statement."""

from tarmac_kv import KVBackend, NotSupportedError, Page

from tarmac_kv_cassandra.calls import Calls
from tarmac_kv_cassandra.scan import scan
from tarmac_kv_cassandra.table import Table

_MOST_TTL_S = 20 * 365 * 24 * 3600
_PROBE = b"\0"


class CassandraKV(KVBackend):
    """A row for each key, its value as it is."""

    def __init__(self, calls: Calls, table: Table) -> None:
        self._calls = calls
        self._table = table

    async def get(self, key: bytes) -> bytes | None:
        """Return the value or None."""
        rows = await self._calls.ask(self._table.get, self._table.stored(key))
        return rows[0][0] if rows else None

    async def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        """Store the value; answered when as many replicas as `consistency` says have it."""
        await self._calls.ask(self._table.set, _ttl_s(ttl_ms), value, self._table.stored(key))

    async def delete(self, key: bytes) -> None:
        """Remove the key."""
        await self._calls.ask(self._table.delete, self._table.stored(key))

    async def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        """List keys in the order of their tokens; the whole table is read for it, whatever the prefix."""
        return await scan(self._calls, self._table, prefix=prefix, cursor=cursor, limit=limit)

    async def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> bool:
        """Swap by a lightweight transaction, also where nothing is expected: no data is null."""
        stored = self._table.stored(key)
        if value is None:
            rows = await self._calls.ask(self._table.swap_for_nothing, stored, expected)
        else:
            rows = await self._calls.ask(self._table.swap, _ttl_s(ttl_ms), value, stored, expected)
        return bool(rows[0][0])

    async def health(self) -> None:
        """Read, as `get` does."""
        await self.get(_PROBE)


def _ttl_s(ttl_ms: int) -> int:
    """Whole seconds, and one more: the server counts from the beginning of the second in which it writes."""
    if not ttl_ms:
        return 0
    seconds = -(-ttl_ms // 1000) + 1
    if seconds > _MOST_TTL_S:
        raise NotSupportedError("a ttl_ms of more than 20 years is not supported by this store")
    return seconds

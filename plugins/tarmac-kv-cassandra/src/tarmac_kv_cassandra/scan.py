"""Listing keys in the order of their tokens, which is the order of the ring.

A cursor is a token. The driver's own paging states stay inside: a node closes the connection on one that a guest made up.
"""

from tarmac_kv import KVError, Page

from tarmac_kv_cassandra.calls import Calls
from tarmac_kv_cassandra.table import Table

_BEFORE_ALL = -(1 << 63)
_AFTER_ALL = 1 << 63
_MOST_ROWS = 10_000
"""A page with a limit ends after so many rows even if few of them have the prefix, so that no call takes for ever."""


async def scan(calls: Calls, table: Table, *, prefix: bytes, cursor: bytes, limit: int) -> Page:
    """One page of keys, as `KVBackend.keys` promises. Raises KVError for a cursor that is none."""
    found: list[bytes] = []
    last = _position(cursor)
    values, state, seen = (last,), None, 0
    while True:
        rows, state = await calls.page(table.keys_behind, values, state=state)
        for stored, token in rows:
            # Keys with one token stay on one page: the next page begins behind the token.
            if limit and token != last and (len(found) >= limit or seen >= _MOST_ROWS):
                return Page(found, str(last).encode())
            last = token
            seen += 1
            key = table.original(stored)
            if key.startswith(prefix):
                found.append(key)
        if state is None:
            return Page(found)


def _position(cursor: bytes) -> int:
    if not cursor:
        return _BEFORE_ALL
    digits = cursor.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 19 or not _BEFORE_ALL <= int(cursor) < _AFTER_ALL:
        raise KVError("the cursor is not one of this store")
    return int(cursor)

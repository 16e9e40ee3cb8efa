"""Listing with SCAN, which never holds up the server as KEYS does."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from tarmac_kv import KVError, Page

Command = Callable[..., Awaitable[Any]]

_LEAST_COUNT = 10
_MOST_COUNT = 1000
_GLOB_SIGNS = re.compile(rb"[*?\[\]\\^-]")
_CURSOR_END = 1 << 64


async def scan(command: Command, *, prefix: bytes, cursor: bytes, limit: int) -> Page:
    """One page of keys, as `KVBackend.keys` promises. Raises KVError for a cursor that is none."""
    at = _position(cursor)
    pattern = _GLOB_SIGNS.sub(rb"\\\g<0>", prefix) + b"*"
    matching = (b"MATCH", pattern) if prefix else ()
    count = min(max(limit, _LEAST_COUNT), _MOST_COUNT) if limit else _MOST_COUNT
    found: dict[bytes, None] = {}
    while True:
        next_cursor, keys = await command(b"SCAN", at, *matching, b"COUNT", count)
        found.update(dict.fromkeys(keys))
        at = int(next_cursor)
        if at == 0 or (limit and len(found) >= limit):
            return Page(list(found), str(at).encode() if at else b"")
        count = min(count * 2, _MOST_COUNT)


def _position(cursor: bytes) -> int:
    if not cursor:
        return 0
    if not cursor.isdigit() or len(cursor) > 20 or int(cursor) >= _CURSOR_END:
        raise KVError("the cursor is not one of this store")
    return int(cursor)

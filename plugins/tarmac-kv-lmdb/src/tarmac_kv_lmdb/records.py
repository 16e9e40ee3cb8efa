"""The form of what is in the file.

A record is one byte that says whether a time follows, the time (8 bytes, milliseconds since 1970) when it vanishes, and the
value; in front of the value stands the full key where `LongKeys` keeps only its hash. A second database lists the expiring
keys by their time.
"""

import time
from hashlib import blake2b

from tarmac_kv import LongKeys

LONG_KEYS = LongKeys(511)
"""511 bytes is the longest key of LMDB as it is built for everyone."""

STAYS = b"\0"
_EXPIRES = b"\1"
_TIME_BYTES = 8


def now_ms() -> int:
    """Milliseconds since 1970: times in the file have to hold over restarts."""
    return time.time_ns() // 1_000_000


def pack(key: bytes, value: bytes, expires_ms: int) -> bytes:
    """The record of a key; `expires_ms` 0 means never."""
    body = LONG_KEYS.pack(key, value)
    if not expires_ms:
        return STAYS + body
    return _EXPIRES + expires_ms.to_bytes(_TIME_BYTES, "big") + body


def unpack(stored: bytes, record: memoryview) -> tuple[bytes, memoryview] | None:
    """The full key and a view of the value; None for a record whose time has come."""
    if record[0] == STAYS[0]:
        return LONG_KEYS.unpack(stored, record[1:])
    body = record[1 + _TIME_BYTES :]
    return LONG_KEYS.unpack(stored, body) if expiry_ms(record) > now_ms() else None


def value_of(record: memoryview) -> bytes | None:
    """The value of a record without a full key in it; None for one whose time has come."""
    if record[0] == STAYS[0]:
        return bytes(record[1:])
    return bytes(record[1 + _TIME_BYTES :]) if expiry_ms(record) > now_ms() else None


def expiry_ms(record: memoryview) -> int:
    """When the record vanishes; 0 for never."""
    if record[0] == STAYS[0]:
        return 0
    return int.from_bytes(record[1 : 1 + _TIME_BYTES], "big")


def index_key(expires_ms: int, stored: bytes) -> bytes:
    """The key of the second database: sorted by time, different for different keys."""
    return expires_ms.to_bytes(_TIME_BYTES, "big") + blake2b(stored, digest_size=16).digest()


def index_time_ms(key: bytes) -> int:
    """The time in a key of the second database."""
    return int.from_bytes(key[:_TIME_BYTES], "big")

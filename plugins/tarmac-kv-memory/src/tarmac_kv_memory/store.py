"""The store: a dictionary, a heap of expiry times, and a sorted list of keys while somebody pages through them."""

import heapq
import time
from bisect import bisect_left, bisect_right

from tarmac_kv import KVBackend, KVError, Page

_LEAST_HEAP_LENGTH = 100


class MemoryKV(KVBackend):
    """Keys and values as Python objects. Every method answers at once; only for the event loop's thread.

    `max_bytes` bounds keys and values together, 0 is without bound; overhead of about 200 bytes a key is not counted.
    """

    def __init__(self, *, max_bytes: int = 0) -> None:
        self._max_bytes = max_bytes
        self._used_bytes = 0
        self._values: dict[bytes, bytes] = {}
        self._expires_s: dict[bytes, float] = {}
        self._expiry_heap: list[tuple[float, bytes]] = []
        self._sorted: list[bytes] | None = None
        self._is_closed = False

    def get(self, key: bytes) -> bytes | None:
        """Return the value or None."""
        if self._expires_s:
            self._drop_expired()
        value = self._values.get(key)
        if value is None:
            self._check_open()
        return value

    def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        """Store the value; refused with a `KVError` when the store is full."""
        self._check_open()
        self._drop_expired()
        self._make_room(key, value)
        if key not in self._values:
            self._sorted = None
        self._values[key] = value
        self._set_expiry(key, ttl_ms)

    def delete(self, key: bytes) -> None:
        """Remove the key."""
        self._check_open()
        self._drop(key)

    def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        """Return keys in byte order; the cursor is the last key of the page."""
        self._check_open()
        self._drop_expired()
        if self._sorted is None:
            self._sorted = sorted(self._values)
        found = self._sorted
        start = max(bisect_left(found, prefix), bisect_right(found, cursor) if cursor else 0)
        stop = start + limit if limit else len(found)
        page: list[bytes] = []
        for key in found[start:stop]:
            if not key.startswith(prefix):
                return Page(page)
            page.append(key)
        return Page(page, page[-1] if page and stop < len(found) else b"")

    def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> bool:
        """Compare and set; nothing else runs in between."""
        if self.get(key) != expected:
            return False
        if value is None:
            self.delete(key)
        else:
            self.set(key, value, ttl_ms=ttl_ms)
        return True

    def health(self) -> None:
        """Memory is healthy until it is closed."""
        self._check_open()

    def close(self) -> None:
        """Forget everything."""
        self._is_closed = True
        self._values.clear()
        self._expires_s.clear()
        self._expiry_heap.clear()
        self._sorted = None

    def _check_open(self) -> None:
        if self._is_closed:
            raise KVError("the store is closed")

    def _make_room(self, key: bytes, value: bytes) -> None:
        old = self._values.get(key)
        used_bytes = self._used_bytes + len(value) + (len(key) if old is None else -len(old))
        if self._max_bytes and used_bytes > self._max_bytes:
            raise KVError(f"the store is full: memory_max_bytes is {self._max_bytes}")
        self._used_bytes = used_bytes

    def _set_expiry(self, key: bytes, ttl_ms: int) -> None:
        self._expires_s.pop(key, None)
        if ttl_ms:
            expires_s = time.monotonic() + ttl_ms / 1000
            self._expires_s[key] = expires_s
            heapq.heappush(self._expiry_heap, (expires_s, key))
            if len(self._expiry_heap) > _LEAST_HEAP_LENGTH + 2 * len(self._expires_s):
                # A key that is set again and again leaves its old times there, until they come.
                self._expiry_heap = [(expires_s, key) for key, expires_s in self._expires_s.items()]
                heapq.heapify(self._expiry_heap)

    def _drop_expired(self) -> None:
        heap = self._expiry_heap
        while heap and heap[0][0] <= time.monotonic():
            expires_s, key = heapq.heappop(heap)
            # A key that was set again has another time, or none.
            if self._expires_s.get(key) == expires_s:
                self._drop(key)

    def _drop(self, key: bytes) -> None:
        value = self._values.pop(key, None)
        self._expires_s.pop(key, None)
        if value is not None:
            self._used_bytes -= len(key) + len(value)
            self._sorted = None

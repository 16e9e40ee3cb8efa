"""Listing page by page. A cursor is the sequence number of the last message that was looked at.

A key that is set again meanwhile moves behind the cursor's end, so that none is missed, though one may come twice.
"""

from collections.abc import Iterable

from nats.aio.msg import Msg
from tarmac_kv import KVError, Page

from tarmac_kv_nats.consumer import Consumer
from tarmac_kv_nats.keys import key_of, words_of
from tarmac_kv_nats.link import Link
from tarmac_kv_nats.messages import is_marker

_LEAST_COUNT = 100
_MOST_COUNT = 1000
_MOST_LOOKED_AT = 20_000
_CURSOR_END = 1 << 63


async def scan(link: Link, *, prefix: bytes, cursor: bytes, limit: int) -> Page:
    """One page of keys, as `KVBackend.keys` promises. Raises KVError."""
    listing = _Listing(len(link.bucket.subjects), prefix, _position(cursor))
    batch_count = min(max(limit or _MOST_COUNT, _LEAST_COUNT), _MOST_COUNT)
    consumer = await Consumer.open(link, words_of(prefix), listing.at)
    try:
        while consumer.pending_count:
            batch = await consumer.take(min(batch_count, consumer.pending_count))
            has_left_some = listing.add(batch, limit)
            is_enough = limit and (len(listing.found) >= limit or listing.looked_at_count >= _MOST_LOOKED_AT)
            if has_left_some or (is_enough and consumer.pending_count):
                return Page(list(listing.found), str(listing.at).encode())
    finally:
        await consumer.close()
    return Page(list(listing.found))


class _Listing:
    """The keys found so far, in order, and the message looked at last."""

    def __init__(self, name_start: int, prefix: bytes, at: int) -> None:
        self._name_start = name_start
        self._prefix = prefix
        self.at = at
        self.found: dict[bytes, None] = {}
        self.looked_at_count = 0

    def add(self, batch: Iterable[Msg], limit: int) -> bool:
        """Look at messages until `limit` keys are found; tell whether some were left out."""
        for message in batch:
            if limit and len(self.found) >= limit:
                return True
            sequence = message.metadata.sequence.stream
            if sequence > self.at:
                self.at = sequence
                self._look_at(message)
        return False

    def _look_at(self, message: Msg) -> None:
        self.looked_at_count += 1
        key = key_of(message.subject[self._name_start :], message.headers)
        if key is None or not key.startswith(self._prefix):
            return
        if is_marker(message.headers):
            self.found.pop(key, None)
        else:
            self.found[key] = None


def _position(cursor: bytes) -> int:
    if not cursor:
        return 0
    if not cursor.isdigit() or len(cursor) > 19 or int(cursor) >= _CURSOR_END:
        raise KVError("the cursor is not one of this store")
    return int(cursor)

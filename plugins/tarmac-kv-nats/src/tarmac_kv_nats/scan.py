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
    listing = _Listing(len(link.bucket.subjects), prefix, limit, _position(cursor))
    while not listing.is_done:
        consumer = await Consumer.open(link, words_of(prefix), listing.at)
        try:
            await _read(consumer, listing)
        finally:
            await consumer.close()
    return listing.page


async def _read(consumer: Consumer, listing: "_Listing") -> None:
    batch_count = min(max(listing.limit or _MOST_COUNT, _LEAST_COUNT), _MOST_COUNT)
    while consumer.pending_count and not consumer.has_stalled and not listing.is_done:
        listing.add(await consumer.take(min(batch_count, consumer.pending_count)))
    listing.has_seen_all = not listing.is_cut and consumer.pending_count == 0


class _Listing:
    """The keys found so far, in order, and the sequence number of the message looked at last."""

    def __init__(self, name_start: int, prefix: bytes, limit: int, at: int) -> None:
        self._name_start = name_start
        self._prefix = prefix
        self._found: dict[bytes, None] = {}
        self._looked_at_count = 0
        self.limit = limit
        self.at = at
        self.is_cut = False
        self.has_seen_all = False

    @property
    def is_done(self) -> bool:
        """Whether the page is full, or the end reached."""
        is_full = len(self._found) >= self.limit or self._looked_at_count >= _MOST_LOOKED_AT
        return self.has_seen_all or (self.limit > 0 and is_full)

    @property
    def page(self) -> Page:
        """What was found, and where to go on."""
        return Page(list(self._found), b"" if self.has_seen_all else str(self.at).encode())

    def add(self, batch: Iterable[Msg]) -> None:
        """Look at messages until the page is full; `is_cut` tells whether some were left out."""
        for message in batch:
            if self.is_done:
                self.is_cut = True
                return
            sequence = message.metadata.sequence.stream
            if sequence > self.at:
                self.at = sequence
                self._look_at(message)

    def _look_at(self, message: Msg) -> None:
        self._looked_at_count += 1
        key = key_of(message.subject[self._name_start :], message.headers)
        if key is not None and key.startswith(self._prefix) and not is_marker(message.headers):
            self._found[key] = None


def _position(cursor: bytes) -> int:
    if not cursor:
        return 0
    if not cursor.isdigit() or len(cursor) > 19 or int(cursor) >= _CURSOR_END:
        raise KVError("the cursor is not one of this store")
    return int(cursor)

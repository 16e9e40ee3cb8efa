"""Listing by prefix and page."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from tarmac_kv.backend import KVBackend, KVError
from tarmac_kv.conformance.suite import Suite, answered


class Scans(Suite):
    """Listing by prefix, page by page."""

    async def test_a_prefix_selects_the_keys_that_begin_with_it(self, store: KVBackend, own: bytes) -> None:
        for tail in (b"a", b"ab", b"abc", b"b", b"*", b"a*", b"\xff", b"\xff\xff"):
            await answered(store.set(own + tail, b""))
        assert await self._listed(store, own + b"ab") == [b"ab", b"abc"]
        assert await self._listed(store, own + b"a*") == [b"a*"]
        assert await self._listed(store, own + b"\xff") == [b"\xff", b"\xff\xff"]
        assert await self._listed(store, own + b"c") == []

    async def _listed(self, store: KVBackend, prefix: bytes) -> list[bytes]:
        page = await answered(store.keys(prefix=prefix))
        return sorted(key.partition(b"/")[2] for key in page.keys)

    @pytest.mark.parametrize("limit", [1, 7, 50, 1000])
    async def test_pages_together_hold_each_key(self, store: KVBackend, own: bytes, limit: int) -> None:
        names = {own + b"%03d" % number for number in range(50)} | {own.ljust(600, b"l") + b"%d" % i for i in range(5)}
        await asyncio.gather(*(answered(store.set(name, b"value")) for name in names))
        assert set(await _all_pages(store, own, limit)) == names

    async def test_keys_that_stay_are_listed_while_others_come_and_go(self, store: KVBackend, own: bytes) -> None:
        stay = {own + b"%03d" % number for number in range(0, 100, 2)}
        for name in stay:
            await answered(store.set(name, b""))

        async def disturb(turn: int) -> None:
            await answered(store.set(own + b"%03d" % (turn * 2 % 100 + 1), b""))
            await answered(store.delete(own + b"%03d" % ((turn * 2 + 50) % 100 + 1)))

        assert stay <= set(await _all_pages(store, own, 5, between=disturb))

    async def test_a_cursor_made_up_by_a_guest_harms_nothing(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b""))
        for cursor in (b"\0", b"x" * 40_000, b"\xff" * 600, b"-1", b"99999999999999999999999"):
            with contextlib.suppress(KVError):
                page = await answered(store.keys(prefix=own, cursor=cursor, limit=5))
                assert set(page.keys) <= {own}
        assert await answered(store.get(own)) == b""


async def _all_pages(
    store: KVBackend, prefix: bytes, limit: int, *, between: Callable[[int], Awaitable[None]] | None = None
) -> list[bytes]:
    found: list[bytes] = []
    cursor = b""
    for turn in range(10_000):
        page = await answered(store.keys(prefix=prefix, cursor=cursor, limit=limit))
        found += page.keys
        cursor = page.cursor
        if not cursor:
            return found
        if between is not None:
            await between(turn)
    raise AssertionError("the cursor never became empty")

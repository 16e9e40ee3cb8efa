"""Reading names batch by batch."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from nats.js import JetStreamContext
from tarmac_kv import KVError
from tarmac_kv_nats.consumer import Consumer
from tarmac_kv_nats.store import NatsKV

from tests.services.nats import DEBIAN, NEW, NatsServer

OpenNats = Callable[..., AbstractAsyncContextManager[NatsKV]]
OpenBare = Callable[[str], AbstractAsyncContextManager[JetStreamContext]]


@pytest.mark.parametrize("program", [NEW, DEBIAN], ids=["new", "old"])
async def test_keys_that_are_deleted_meanwhile_hide_no_others(open_with: OpenNats, program: str) -> None:
    stay, go = ({b"%s/%d" % (kind, number) for number in range(3000)} for kind in (b"stay", b"go"))
    with NatsServer(program=program) as server:
        async with open_with(url=server.url) as store:
            for start in range(0, 3000, 100):
                names = [b"%s/%d" % (kind, number) for number in range(start, start + 100) for kind in (b"stay", b"go")]
                await asyncio.gather(*(store.set(name, b"") for name in names))
            for prefix in (b"", b"stay/", b"s"):
                listing = asyncio.ensure_future(store.keys(prefix=prefix))
                while not listing.done():
                    await store.delete(go.pop())
                    await asyncio.sleep(0.01)
                assert stay <= set((await listing).keys)
            assert len(go) < 2995


async def test_a_listing_whose_consumer_is_gone_fails_instead_of_ending_early(
    server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with open_with(url=server.url) as store, jetstream(server.url) as js:
        for number in range(10):
            await store.set(b"%d" % number, b"")
        consumer = await Consumer.open(store._link, ">", 0)
        assert len(await consumer.take(5)) == 5
        (info,) = await js.consumers_info("KV_tarmac")
        await js.delete_consumer("KV_tarmac", info.name)
        with pytest.raises(KVError, match="cannot be reached"):
            await consumer.take(5)
        await consumer.close()


async def test_a_listing_goes_on_where_it_was_after_the_server_was_started_again(
    server: NatsServer, open_with: OpenNats
) -> None:
    async with open_with(url=server.url, reconnect_wait=0.05) as store:
        names = {b"%d" % number for number in range(30)}
        for name in names:
            await store.set(name, b"")
        page = await store.keys(limit=10)
        found = set(page.keys)
        server.kill()
        await asyncio.sleep(0.1)
        with pytest.raises(KVError, match="cannot be reached"):
            await store.keys(cursor=page.cursor, limit=10)
        server.start()
        await store_is_back(store)
        while page.cursor:
            page = await store.keys(cursor=page.cursor, limit=10)
            found |= set(page.keys)
        assert found == names


async def store_is_back(store: NatsKV) -> None:
    for _ in range(100):
        try:
            return await store.health()
        except KVError:
            await asyncio.sleep(0.05)
    raise AssertionError("it does not come back")

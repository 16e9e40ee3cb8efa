"""Many at once."""

import asyncio

from tarmac_kv.backend import KVBackend
from tarmac_kv.conformance.suite import Suite, answered


class Writers(Suite):
    """Many writers at once."""

    async def test_writes_at_the_same_time_are_all_kept(self, store: KVBackend, own: bytes) -> None:
        async def write(writer: int) -> None:
            for turn in range(10):
                key = own + b"%d/%d" % (writer, turn)
                await answered(store.set(key, key * 2))
                assert await answered(store.get(key)) == key * 2

        await asyncio.gather(*(write(writer) for writer in range(50)))
        assert len((await answered(store.keys(prefix=own))).keys) == 500

    async def test_the_last_of_one_writers_writes_stays(self, store: KVBackend, own: bytes) -> None:
        async def write(writer: int) -> None:
            for turn in range(20):
                await answered(store.set(own + b"%d" % writer, b"%d" % turn))

        await asyncio.gather(*(write(writer) for writer in range(20)))
        for writer in range(20):
            assert await answered(store.get(own + b"%d" % writer)) == b"19"

    async def test_a_cancelled_write_hurts_no_other(self, store: KVBackend, own: bytes) -> None:
        writes = [asyncio.ensure_future(_set(store, own + b"%d" % number)) for number in range(20)]
        await asyncio.sleep(0)
        for write in writes[::2]:
            write.cancel()
        await asyncio.gather(*writes, return_exceptions=True)
        for number in range(1, 20, 2):
            assert await answered(store.get(own + b"%d" % number)) == b"value"


async def _set(store: KVBackend, key: bytes) -> None:
    await answered(store.set(key, b"value"))

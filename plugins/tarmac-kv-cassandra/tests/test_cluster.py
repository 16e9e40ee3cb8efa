"""A cluster of two nodes that both have all data, of which one dies."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_kv import KVError
from tarmac_kv_cassandra.store import CassandraKV

from tests.services.cassandra import CassandraServer

OpenCassandra = Callable[..., AbstractAsyncContextManager[CassandraKV]]

# Users would be on one of the two.
OPEN = {"authenticator": "AllowAllAuthenticator", "authorizer": "AllowAllAuthorizer"}
ADDRESS = b"\x7f\0\0\1"


@pytest.fixture
def nodes() -> Iterator[tuple[CassandraServer, CassandraServer]]:
    """Two nodes that know each other."""
    with CassandraServer(OPEN) as first, CassandraServer(OPEN, beside=first) as second:
        end_s = time.monotonic() + 20
        while not all(ADDRESS in node.ask("SELECT peer FROM system.peers_v2") for node in (first, second)):
            assert time.monotonic() < end_s
            time.sleep(0.1)
        yield first, second


async def test_a_node_that_dies_fails_no_read_and_only_the_writes_on_their_way(
    nodes: tuple[CassandraServer, CassandraServer], open_with: OpenCassandra
) -> None:
    named, other = nodes
    settings = {"hosts": (named.address,), "replicas": 2}
    keys = [b"%d" % number for number in range(40)]
    async with open_with(**settings, consistency="all") as store:
        await asyncio.gather(*(store.set(key, b"value") for key in keys))
    async with open_with(**settings, consistency="one", request_timeout=3) as store:
        await asyncio.sleep(0.5)
        acknowledged: set[bytes] = set()
        failures: list[str] = []

        async def write(number: int) -> None:
            try:
                await store.set(b"w%d" % number, b"value")
                acknowledged.add(b"w%d" % number)
            except KVError as error:
                failures.append(str(error))

        for turn in range(100):
            calls = asyncio.gather(*(store.get(key) for key in keys), *(write(turn * 10 + one) for one in range(10)))
            if turn == 5:
                other.kill()
            assert (await calls)[: len(keys)] == [b"value"] * len(keys)
            await asyncio.sleep(0.01)
        assert set(failures) <= {"the store cannot be reached"}
        assert len(failures) <= 20
        # What the dead node alone acknowledged died with it.
        later = {b"w%d" % number for number in range(80, 1000)} & acknowledged
        assert len(later) >= 900
        assert {key for key in later if await store.get(key) is None} == set()
        with pytest.raises(KVError, match=r"too few replicas of the store are alive|did not answer in time"):
            await store.cas(b"key", expected=None, value=b"value")

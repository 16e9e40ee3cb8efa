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
    async with open_with(hosts=(named.address,), replicas=2, consistency="one") as store:
        await asyncio.sleep(0.5)
        keys = [b"%d" % number for number in range(40)]
        acknowledged = set(keys)
        failures: list[str] = []

        async def write(number: int) -> None:
            try:
                await store.set(b"w%d" % number, b"value")
                acknowledged.add(b"w%d" % number)
            except KVError as error:
                failures.append(str(error))

        await asyncio.gather(*(store.set(key, b"value") for key in keys))
        end_s = time.monotonic() + 3
        turn = 0
        while time.monotonic() < end_s:
            turn += 1
            calls = asyncio.gather(*(store.get(key) for key in keys), *(write(turn * 10 + one) for one in range(10)))
            if turn == 5:
                other.kill()
            assert (await calls)[: len(keys)] == [b"value"] * len(keys)
            await asyncio.sleep(0.01)
        assert set(failures) <= {"the store cannot be reached"}
        assert len(failures) <= 20
        assert {key for key in acknowledged if await store.get(key) is None} == set()
    async with open_with(hosts=(named.address,), replicas=2, consistency="one", request_timeout=3) as store:
        with pytest.raises(KVError, match=r"too few replicas of the store are alive|did not answer in time"):
            await store.cas(b"key", expected=None, value=b"value")

"""Keyspace and table: made when missing, used as they are found, refused when they cannot be."""

import asyncio
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_kv import KVError
from tarmac_kv_cassandra.faults import CassandraOpenError
from tarmac_kv_cassandra.store import CassandraKV

from tests.services.cassandra import CassandraServer

OpenCassandra = Callable[..., AbstractAsyncContextManager[CassandraKV]]

SIMPLE = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"


@pytest.fixture(scope="module")
def shapes(shared_server: CassandraServer) -> CassandraServer:
    """With a keyspace `shapes`."""
    shared_server.ask(f"CREATE KEYSPACE shapes {SIMPLE}")
    return shared_server


async def test_many_servers_may_start_at_once_on_nothing(
    shared_server: CassandraServer, open_with: OpenCassandra
) -> None:
    async def start(number: int) -> None:
        async with open_with(**shared_server.settings, keyspace="Fresh_1") as store:
            await store.set(b"%d" % number, b"value")

    await asyncio.gather(*(start(number) for number in range(6)))
    async with open_with(**shared_server.settings, keyspace="Fresh_1") as store:
        assert sorted((await store.keys()).keys) == [b"%d" % number for number in range(6)]


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        ({}, b"SimpleStrategy"),
        ({"repl_strategy": "NetworkTopologyStrategy", "local_dc": "datacenter1"}, b"NetworkTopologyStrategy"),
    ],
    ids=["simple", "topology"],
)
async def test_a_keyspace_is_made_with_the_replication_set(
    shared_server: CassandraServer, open_with: OpenCassandra, settings: dict[str, str], made: bytes
) -> None:
    keyspace = f"made_{made.decode()}"
    async with open_with(**shared_server.settings, keyspace=keyspace, table="t", **settings) as store:
        await store.set(b"key", b"value")
    text = f"SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = '{keyspace}'"
    assert made in shared_server.ask(text)


@pytest.mark.parametrize(
    "columns",
    [
        "key int PRIMARY KEY, data blob",
        "key blob PRIMARY KEY, data text",
        "key blob PRIMARY KEY, value blob",
        "key blob PRIMARY KEY, data blob, more int",
        "key blob, data blob, PRIMARY KEY (key, data)",
        "key blob, part int, data blob, PRIMARY KEY ((key, part))",
        "id blob PRIMARY KEY",
    ],
)
async def test_a_table_of_another_shape_ends_the_start(
    shapes: CassandraServer, open_with: OpenCassandra, columns: str
) -> None:
    table = f"t{uuid.uuid4().hex}"
    shapes.ask(f"CREATE TABLE shapes.{table} ({columns})")
    with pytest.raises(CassandraOpenError, match=rf"cassandra_keyspace shapes, cassandra_table {table}: .*key blob"):
        async with open_with(**shapes.settings, keyspace="shapes", table=table):
            raise AssertionError("it opened")


async def test_a_table_of_the_original_is_used_as_it_is(shapes: CassandraServer, open_with: OpenCassandra) -> None:
    shapes.ask("CREATE TABLE shapes.hord (key text PRIMARY KEY, data blob)")
    shapes.ask("UPDATE shapes.hord SET data = 0x00ff WHERE key = 'ключ'")
    async with open_with(**shapes.settings, keyspace="shapes") as store:
        assert await store.get("ключ".encode()) == b"\0\xff"
        await store.set(b"other", b"value")
        assert await store.cas(b"third", expected=None, value=b"")
        assert sorted((await store.keys()).keys) == [b"other", b"third", "ключ".encode()]
        assert (await store.keys(prefix="кл".encode())).keys == ["ключ".encode()]
        with pytest.raises(KVError, match="only keys in UTF-8"):
            await store.set(b"\xff", b"value")
        await store.delete("ключ".encode())
    assert b"other" in shapes.ask("SELECT key FROM shapes.hord")
    assert "ключ".encode() not in shapes.ask("SELECT key FROM shapes.hord")


async def test_too_few_replicas_end_the_start_unless_fewer_are_enough(
    shared_server: CassandraServer, open_with: OpenCassandra
) -> None:
    settings = shared_server.settings | {"keyspace": "pairs", "replicas": 2}
    with pytest.raises(CassandraOpenError, match=r"too few replicas are alive.*cassandra_consistency"):
        async with open_with(**settings):
            raise AssertionError("it opened")
    async with open_with(**settings, consistency="ONE") as store:
        await store.set(b"key", b"value")
        assert await store.get(b"key") == b"value"
        # A lightweight transaction asks most replicas whatever is set.
        with pytest.raises(KVError, match="too few replicas of the store are alive"):
            await store.cas(b"key", expected=b"value", value=b"other")


async def test_an_unknown_data_centre_ends_the_start(shared_server: CassandraServer, open_with: OpenCassandra) -> None:
    with pytest.raises(CassandraOpenError, match=r"cassandra_local_dc mars: .*only datacenter1"):
        async with open_with(**shared_server.settings, local_dc="mars"):
            raise AssertionError("it opened")

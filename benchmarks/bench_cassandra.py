"""The Cassandra store beside the bare driver, on a server of the benchmark's own: what one host call costs."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.policies import DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.query import PreparedStatement, tuple_factory
from tarmac_kv.kvstore_pb2 import KVStoreGet, KVStoreSet
from tarmac_kv.operations import kv_operations
from tarmac_kv_cassandra.plugin import open_cassandra
from tarmac_kv_cassandra.settings import CassandraSettings

from benchmarks.figure import Figure
from benchmarks.host_calls import HOST_CALLS, again, context, cpu_us, dispatching, invoke
from tarmac_core.dispatch import Capability
from tests.services.cassandra import PASSWORD, USER, CassandraServer

ROUNDS = 9
VALUE = bytes(100)
CALLS = {
    "get": KVStoreGet(key=b"key").SerializeToString(),
    "set": KVStoreSet(key=b"key", data=VALUE).SerializeToString(),
}


def figures() -> Iterator[Figure]:
    """Medians of rounds; both sides of a round follow each other."""
    with CassandraServer() as server:
        measured = asyncio.run(_measured(server))
    for operation, rounds in measured.items():
        bare_us, host_us = (statistics.median(column) for column in zip(*rounds, strict=True))
        more_us = statistics.median(host - bare for bare, host in rounds)
        yield Figure(f"CPU of one {operation}, bare driver", bare_us, "us")
        yield Figure(f"CPU of one kvstore/{operation} host call, {HOST_CALLS} in an invocation", host_us, "us")
        yield Figure(f"CPU of {operation} more than the bare driver", more_us, "us", 40)


async def _measured(server: CassandraServer) -> dict[str, list[tuple[float, float]]]:
    """CPU time of a call, us: bare, and as a host call; the first round is not counted."""
    settings = CassandraSettings.model_validate(server.settings)
    async with open_cassandra(settings, context()) as store, _bare(server) as session:
        capability = Capability("kvstore", "kvstore", kv_operations({"default": store}), stores=frozenset(("default",)))
        await store.set(b"key", VALUE)  # type: ignore[misc]
        statements: dict[str, tuple[PreparedStatement, tuple[Any, ...]]] = {
            "get": (session.prepare("SELECT data FROM tarmac.hord WHERE key = ?"), (b"key",)),
            "set": (session.prepare("UPDATE tarmac.hord SET data = ? WHERE key = ?"), (VALUE, b"key")),
        }
        async with dispatching(capability, again(CALLS)) as dispatcher:
            return {
                name: [
                    (
                        await cpu_us(partial(_again, session, *statements[name])),
                        await cpu_us(partial(invoke, dispatcher, name)),
                    )
                    for _ in range(ROUNDS + 1)
                ][1:]
                for name in CALLS
            }


@asynccontextmanager
async def _bare(server: CassandraServer) -> AsyncIterator[Session]:
    """The driver with its own event loop in its own thread, and rows as cheap as it has them."""
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy()),
        consistency_level=ConsistencyLevel.QUORUM,
        row_factory=tuple_factory,
    )
    cluster = Cluster(
        ["127.0.0.1"],
        port=server.port,
        auth_provider=PlainTextAuthProvider(USER, PASSWORD),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        protocol_version=4,
    )
    try:
        yield await asyncio.to_thread(cluster.connect)
    finally:
        await asyncio.to_thread(cluster.shutdown)


async def _again(session: Session, statement: PreparedStatement, values: tuple[Any, ...]) -> None:
    for _ in range(HOST_CALLS):
        await _answer(session, statement, values)


async def _answer(session: Session, statement: PreparedStatement, values: tuple[Any, ...]) -> object:
    """`execute_async` as an awaitable, in the simplest way."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    session.execute_async(statement, values).add_callbacks(
        lambda rows: loop.call_soon_threadsafe(future.set_result, rows),
        lambda error: loop.call_soon_threadsafe(future.set_exception, error),
    )
    return await future

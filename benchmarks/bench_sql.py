"""A `query` and an `exec` host call on each database, beside its bare driver: the same statements, in turns."""

import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import aiosqlite
import psycopg
from tarmac_sql import SQLBackend, Statement
from tarmac_sql.operations import sql_operations
from tarmac_sql.sql_pb2 import SQLExec, SQLQuery
from tarmac_sql.sql_pb2 import Value as WireValue
from tarmac_sql_postgres.plugin import open_postgres
from tarmac_sql_postgres.settings import PostgresSettings
from tarmac_sql_sqlite.plugin import SqliteSettings, open_sqlite

from benchmarks.figure import Figure
from benchmarks.host_calls import HOST_CALLS, again, context, cpu_us, dispatching, invoke
from tarmac_core.dispatch import Capability
from tests.services.postgres import PostgresServer

ROUNDS = 9
KEY = 7


class Sides(NamedTuple):
    """One server, with a table made by `_filled`, seen from both sides.

    `query` selects the row `KEY` with one parameter, `exec` sets its name; the bare ones do the same and commit.
    """

    store: SQLBackend
    query: str
    exec: str
    bare_query: Callable[[], Awaitable[object]]
    bare_exec: Callable[[], Awaitable[object]]


def figures() -> Iterator[Figure]:
    """Medians of rounds for each server."""
    for name, opened in SERVERS.items():
        for operation, rounds in asyncio.run(_measured(opened)).items():
            bare_us, host_us = (statistics.median(column) for column in zip(*rounds, strict=True))
            more_us = statistics.median(host - bare for bare, host in rounds)
            yield Figure(f"{name}, CPU of one {operation}, bare driver", bare_us, "us")
            yield Figure(f"{name}, CPU of one sql/{operation} host call, {HOST_CALLS} in an invocation", host_us, "us")
            yield Figure(f"{name}, CPU more than the bare driver", more_us, "us", 40)


async def _measured(
    opened: Callable[[], AbstractAsyncContextManager[Sides]],
) -> dict[str, list[tuple[float, float]]]:
    async with opened() as sides:
        key = WireValue(integer=KEY)
        calls = {
            "query": SQLQuery(query=sides.query.encode(), args=[key]).SerializeToString(),
            "exec": SQLExec(query=sides.exec.encode(), args=[WireValue(text="x"), key]).SerializeToString(),
        }
        bare = {"query": sides.bare_query, "exec": sides.bare_exec}
        capability = Capability("sql", "sql", sql_operations({"default": sides.store}), stores=frozenset(("default",)))
        async with dispatching(capability, again(calls)) as dispatcher:
            return {name: await _rounds(bare[name], partial(invoke, dispatcher, name)) for name in calls}


async def _rounds(
    bare: Callable[[], Awaitable[object]], invoked: Callable[[], Awaitable[object]]
) -> list[tuple[float, float]]:
    """CPU time of a call, us: bare, and as a host call; the first round is not counted."""
    rounds = [(await cpu_us(partial(_again, bare)), await cpu_us(invoked)) for _ in range(ROUNDS + 1)]
    return rounds[1:]


async def _again(call: Callable[[], Awaitable[object]]) -> None:
    for _ in range(HOST_CALLS):
        await call()


async def _filled(store: SQLBackend) -> SQLBackend:
    """The table of the statements, with a hundred rows."""
    await store.exec(Statement("CREATE TABLE bench (id INTEGER PRIMARY KEY, name VARCHAR(20))"))
    rows = ", ".join(f"({number}, 'name')" for number in range(100))
    await store.exec(Statement(f"INSERT INTO bench (id, name) VALUES {rows}"))
    return store


@asynccontextmanager
async def _sqlite() -> AsyncIterator[Sides]:
    query, change = "SELECT id, name FROM bench WHERE id = ?", "UPDATE bench SET name = ? WHERE id = ?"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sql.db"
        async with (
            open_sqlite(SqliteSettings(dsn=str(path)), context()) as store,
            aiosqlite.connect(path, isolation_level=None) as bare,
        ):
            yield Sides(
                await _filled(store),
                query,
                change,
                lambda: bare.execute_fetchall(query, (KEY,)),
                lambda: bare.execute_fetchall(change, ("x", KEY)),
            )


@asynccontextmanager
async def _postgres() -> AsyncIterator[Sides]:
    query, change = "SELECT id, name FROM bench WHERE id = {}", "UPDATE bench SET name = {} WHERE id = {}"
    with PostgresServer() as server:
        async with (
            open_postgres(PostgresSettings.model_validate({"dsn": server.dsn()}), context()) as store,
            await psycopg.AsyncConnection.connect(server.dsn()) as bare,
        ):

            async def bare_query() -> None:
                await (await bare.execute(query.format("%s").encode(), (KEY,))).fetchall()
                await bare.commit()

            async def bare_exec() -> None:
                await bare.execute(change.format("%s", "%s").encode(), ("x", KEY))
                await bare.commit()

            yield Sides(await _filled(store), query.format("$1"), change.format("$1", "$2"), bare_query, bare_exec)


SERVERS: dict[str, Callable[[], AbstractAsyncContextManager[Sides]]] = {"sqlite": _sqlite, "postgres": _postgres}

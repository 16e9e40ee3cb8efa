"""The backend: one pool of connections to one server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL
from tarmac_sql import SQLBackend
from tarmac_sql.connections import engine_for
from tarmac_sql.database import Database

from tarmac_core.plugin import Log
from tarmac_sql_mysql.dialect import MySQLDialect
from tarmac_sql_mysql.faults import MySQLOpenError, in_words
from tarmac_sql_mysql.link import Link, connect
from tarmac_sql_mysql.server import Server, limited, read_server
from tarmac_sql_mysql.settings import MySQLSettings
from tarmac_sql_mysql.watch import Watch


@asynccontextmanager
async def opened(settings: MySQLSettings, log: Log) -> AsyncIterator[SQLBackend]:
    """Yield the backend once the server has answered; at the end every connection is closed. Raises `MySQLOpenError`."""
    settings = limited(settings)
    server = read_server(settings)
    for warning in server.options.warnings:
        log.warning("%s: %s", server.place, warning)
    await _reach(server)
    watch = Watch(server.place, server.connect_timeout_s, log)

    async def new(**_: Any) -> Link:
        link = await connect(server)
        watch.answered()
        return link

    engine = engine_for(URL.create("mysql+asyncmy"), {"async_creator_fn": new})
    database = Database[Link](engine, MySQLDialect(server, watch), settings)
    try:
        yield database
    finally:
        await database.close()


async def _reach(server: Server) -> None:
    try:
        link = await connect(server)
    except MySQLDialect.errors as error:
        raise MySQLOpenError(server.place, in_words(error, limit_s=server.connect_timeout_s)) from error
    await link.ensure_closed()

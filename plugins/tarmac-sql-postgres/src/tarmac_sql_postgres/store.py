"""The backend: one pool of connections to one server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from psycopg.pq import Conninfo
from sqlalchemy import URL
from tarmac_sql import SQLBackend, SQLError
from tarmac_sql.connections import engine_for
from tarmac_sql.database import Database
from tarmac_sql.dsn import Address

from tarmac_core.plugin import Log
from tarmac_sql_postgres.address import connect_options, place, read
from tarmac_sql_postgres.dialect import PostgresDialect
from tarmac_sql_postgres.faults import PostgresOpenError, in_words
from tarmac_sql_postgres.settings import PostgresSettings
from tarmac_sql_postgres.turn import Driver
from tarmac_sql_postgres.watch import Watch

_FILES = frozenset(("sslcert", "sslkey", "sslrootcert", "sslcrl"))


@asynccontextmanager
async def opened(settings: PostgresSettings, log: Log) -> AsyncIterator[SQLBackend]:
    """Yield the backend once the server has answered; at the end every connection is closed. Raises `PostgresOpenError`."""
    address = read(settings.dsn.get_secret_value())
    where = place(address)
    _check_files(address, where)
    watch = Watch(where, log)
    engine = engine_for(URL.create("postgresql+psycopg_async"), _options(address, settings), watch.greet)
    database = Database[Driver](engine, PostgresDialect(settings, watch), settings)
    try:
        await _reach(database, where)
        yield database
    finally:
        await database.close()


async def _reach(database: Database[Driver], where: str) -> None:
    try:
        await database.health()
    except SQLError as error:
        raise PostgresOpenError(where, in_words(error.__cause__ or error)) from error


def _check_files(address: Address, where: str) -> None:
    """libpq goes on without a client's certificate that is not there."""
    for option in _FILES & address.options.keys():
        path = address.options[option]
        if path == "system":
            continue
        try:
            Path(path).open("rb").close()
        except OSError as error:
            raise PostgresOpenError(
                where, f"{option} {path} cannot be read: {error.strerror} (mend sql_dsn)"
            ) from error


def _options(address: Address, settings: PostgresSettings) -> dict[str, Any]:
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    times = {"connect_timeout_s": settings.connect_timeout, "keepalive_s": settings.keepalive}
    return {"autocommit": True, **connect_options(address, **times, known=known)}

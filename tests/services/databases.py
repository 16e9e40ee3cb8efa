"""Every SQL backend with a server of its own, as configuration names it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.mariadb import MariaDBServer
from tests.services.postgres import PostgresServer
from tests.services.process import Process


@dataclass(frozen=True, slots=True)
class Database:
    """Settings of the default store and of a second one that shares no table with it, by the backend's own names.

    `server` keeps what it acknowledged when it is killed; None for a database without one.
    """

    default: Mapping[str, str]
    second: Mapping[str, str]
    server: Process | None = None


@contextmanager
def _sqlite(folder: Path) -> Iterator[Database]:
    yield Database({"dsn": str(folder / "default.db")}, {"dsn": str(folder / "second.db")})


@contextmanager
def _postgres(_: Path) -> Iterator[Database]:
    with PostgresServer() as server:
        limits = {"statement_timeout_ms": "2000"}
        yield Database({"dsn": server.dsn(), **limits}, {"dsn": server.dsn(database="postgres"), **limits}, server)


@contextmanager
def _mysql(_: Path) -> Iterator[Database]:
    with MariaDBServer(statements="CREATE DATABASE IF NOT EXISTS second;") as server:
        limits = {"statement_timeout_ms": "2000"}
        second = server.dsn("admin").replace("/tarmac", "/second")
        yield Database({"dsn": server.dsn(), **limits}, {"dsn": second, **limits}, server)


EMBEDDED: Mapping[str, Callable[[Path], AbstractContextManager[Database]]] = {"sqlite": _sqlite}
SERVERS: Mapping[str, Callable[[Path], AbstractContextManager[Database]]] = {"postgres": _postgres, "mysql": _mysql}


def lines(backend: str, database: Database) -> list[str]:
    """A configuration in TOML with `backend` as default store, and as the named store `second`."""
    return [
        "enable_sql = true",
        f"sql_type = '{backend}'",
        *(f"sql_{name} = '{value}'" for name, value in database.default.items()),
        "[stores.second]",
        "capability = 'sql'",
        f"backend = '{backend}'",
        *(f"{name} = '{value}'" for name, value in database.second.items()),
    ]

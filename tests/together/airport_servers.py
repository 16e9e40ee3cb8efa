"""The stores and databases that the airport service is tried with: what starts each, and the settings that lead there."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from tests.services.postgres import PostgresServer
from tests.services.process import Process
from tests.services.redis import RedisServer

Settings = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Database:
    """A running database. `server` is None for one that lives in Tarmac's process."""

    settings: Settings = field(default_factory=dict)
    server: Process | None = None


@contextmanager
def _embedded(kind: str) -> Iterator[Settings]:
    yield {"APP_KVSTORE_TYPE": kind}


@contextmanager
def _redis() -> Iterator[Settings]:
    with RedisServer() as server:
        yield {"APP_KVSTORE_TYPE": "redis", "APP_REDIS_SERVER": server.address}


@contextmanager
def _sqlite() -> Iterator[Database]:
    yield Database()


@contextmanager
def _postgres() -> Iterator[Database]:
    with PostgresServer() as server:
        yield Database({"APP_SQL_TYPE": "postgres", "APP_SQL_DSN": server.dsn()}, server)


STORES: Mapping[str, Callable[[], AbstractContextManager[Settings]]] = {
    "lmdb": lambda: _embedded("lmdb"),
    "memory": lambda: _embedded("memory"),
    "redis": _redis,
}
DATABASES: Mapping[str, Callable[[], AbstractContextManager[Database]]] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
}

"""The stores and databases that the airport service is tried with: what starts each, and the settings that lead there."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.services import databases, stores
from tests.services.process import Process

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
def _store(kind: str) -> Iterator[Settings]:
    with stores.SERVERS[kind](Path()) as store:
        named = {f"APP_{kind}_{name}".upper(): value for name, value in store.default.items()}
        yield {"APP_KVSTORE_TYPE": kind, **named}


@contextmanager
def _sqlite() -> Iterator[Database]:
    yield Database()


@contextmanager
def _database(kind: str) -> Iterator[Database]:
    with databases.SERVERS[kind](Path()) as database:
        yield Database({"APP_SQL_TYPE": kind, "APP_SQL_DSN": database.default["dsn"]}, database.server)


STORES: Mapping[str, Callable[[], AbstractContextManager[Settings]]] = {
    **{kind: partial(_embedded, kind) for kind in ("lmdb", "memory")},
    **{kind: partial(_store, kind) for kind in stores.SERVERS},
}
DATABASES: Mapping[str, Callable[[], AbstractContextManager[Database]]] = {
    "sqlite": _sqlite,
    **{kind: partial(_database, kind) for kind in databases.SERVERS},
}

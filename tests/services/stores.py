"""Every key-value backend with a server of its own, as configuration names it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

from tests.services.cassandra import PASSWORD, USER, CassandraServer
from tests.services.redis import RedisServer

Store: TypeAlias = tuple[Mapping[str, str], Mapping[str, str]]
"""Settings of the default store and of a second one that shares no data with it, by the backend's own names."""


@contextmanager
def _memory(_: Path) -> Iterator[Store]:
    yield {}, {}


@contextmanager
def _lmdb(folder: Path) -> Iterator[Store]:
    yield {"filename": str(folder / "default.db")}, {"filename": str(folder / "second.db")}


@contextmanager
def _redis(_: Path) -> Iterator[Store]:
    with RedisServer() as server:
        yield {"server": server.address}, {"server": server.address, "database": "1"}


@contextmanager
def _cassandra(_: Path) -> Iterator[Store]:
    with CassandraServer() as server:
        login = {"hosts": server.address, "user": USER, "password": PASSWORD}
        yield login, login | {"keyspace": "second"}


KV_STORES: Mapping[str, Callable[[Path], AbstractContextManager[Store]]] = {
    "memory": _memory,
    "lmdb": _lmdb,
    "redis": _redis,
    "cassandra": _cassandra,
}

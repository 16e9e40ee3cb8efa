"""Every key-value backend with a server of its own, as configuration names it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.process import Process
from tests.services.redis import RedisServer


@dataclass(frozen=True, slots=True)
class Store:
    """Settings of the default store and of a second one that shares no data with it, by the backend's own names.

    `server` keeps what it acknowledged when it is killed; None for a store without one.
    """

    default: Mapping[str, str]
    second: Mapping[str, str]
    server: Process | None = None


@contextmanager
def _memory(_: Path) -> Iterator[Store]:
    yield Store({}, {})


@contextmanager
def _lmdb(folder: Path) -> Iterator[Store]:
    yield Store({"filename": str(folder / "default.db")}, {"filename": str(folder / "second.db")})


@contextmanager
def _redis(_: Path) -> Iterator[Store]:
    with RedisServer({"appendonly": "yes", "appendfsync": "always"}) as server:
        one = {"server": server.address, "connect_timeout": "1", "read_timeout": "1"}
        yield Store(one, {**one, "database": "1"}, server)


EMBEDDED: Mapping[str, Callable[[Path], AbstractContextManager[Store]]] = {"memory": _memory, "lmdb": _lmdb}
SERVERS: Mapping[str, Callable[[Path], AbstractContextManager[Store]]] = {"redis": _redis}


def lines(backend: str, store: Store) -> list[str]:
    """A configuration in TOML with `backend` as default store, and as the named store `second`."""
    flat = [f"{backend}_{name} = '{value}'" for name, value in store.default.items()]
    named = [f"{name} = '{value}'" for name, value in store.second.items()]
    return [
        "enable_kvstore = true",
        f"kvstore_type = '{backend}'",
        *flat,
        "[stores.second]",
        "capability = 'kvstore'",
        f"backend = '{backend}'",
        *named,
    ]

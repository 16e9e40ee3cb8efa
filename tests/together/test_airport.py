"""The airport service, whole: every answer is compared with the file, on each store and database, in one process and in two."""

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle
from pathlib import Path

import pytest

from tests.together.airport import EXAMPLE, Expected, differences, expected, feed, write_file
from tests.together.airport_servers import DATABASES, STORES, Database, Settings
from tests.together.server import Server, serve

ALL_ROWS, FEW_ROWS = 70_000, 2_000
CONFIG = EXAMPLE / "conf" / "sqlite-lmdb.toml"
# Each store and each database is in one of them.
ONCE_WHOLE = list(
    zip(STORES, cycle(DATABASES), strict=False)
    if len(STORES) >= len(DATABASES)
    else zip(cycle(STORES), DATABASES, strict=False)
)
THE_OTHERS = [(store, database) for store in STORES for database in DATABASES if (store, database) not in ONCE_WHOLE]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files of airports."""
    return tmp_path_factory.mktemp("feed")


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, Database]]:
    """Databases that were started; each is used again, since a load replaces what is there."""
    with ExitStack() as stack:
        yield _Started(stack)


class _Started(dict[str, Database]):
    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __missing__(self, name: str) -> Database:
        self[name] = self._stack.enter_context(DATABASES[name]())
        return self[name]


def airports(files: Path, rows: int, seed: int = 1) -> Path:
    """The file with so many rows."""
    path = files / str(rows) / str(seed) / "airports.csv"
    return path if path.exists() else write_file(path, rows, seed)


def tarmac(folder: Path, manifest: str | Path, settings: Settings) -> Server:
    """The service. Without Python's development mode, in which tens of thousands of requests take minutes."""
    server = serve(folder, str(EXAMPLE / manifest), "--config", str(CONFIG), **settings)
    server.options = ("-W", "default")
    return server


@contextmanager
def answering(folder: Path, manifest: str | Path, settings: Settings) -> Iterator[Server]:
    """The same, once it listens; it must end well."""
    with tarmac(folder, manifest, settings) as server:
        server.port = int(server.wait_for("Starting HTTP Listener")["port"])
        yield server
        assert server.stop() == 0
    assert not [line for line in server.logged if "cache cannot" in line["msg"]]


@pytest.mark.parametrize(("store", "database"), ONCE_WHOLE)
def test_a_kill_in_the_middle_of_a_load_leaves_no_wrong_answer(
    tmp_path: Path, files: Path, running: dict[str, Database], store: str, database: str
) -> None:
    file = airports(files, ALL_ROWS)
    wanted = expected(file)
    used = running[database]
    with STORES[store]() as kept, feed(file) as address:
        settings = {**kept, **used.settings, **address}
        with tarmac(tmp_path, "tarmac.json", settings) as server:
            server.wait_for(f"Stored 20000 of {len(wanted.airports)} airports")
            if used.server is not None:
                restart_under(server, used)
                check(server, wanted)
                return
            server.stop(signal.SIGKILL)
        assert is_unfinished(tmp_path / "data" / "sql.db")
        with answering(tmp_path, "tarmac.json", settings) as server:
            assert wanted.message in server.messages
            assert differences(server.port, wanted) == []


def restart_under(server: Server, database: Database) -> None:
    """Kill the database's server, and start it again when the load has failed of it."""
    assert database.server is not None
    database.server.kill()
    assert "Failed to load the airports" in server.wait_for("Error executing Init Function")["error"]
    database.server.start()


def check(server: Server, wanted: Expected) -> None:
    """Every answer is right."""
    server.port = int(server.wait_for("Starting HTTP Listener")["port"])
    assert differences(server.port, wanted) == []
    assert server.stop() == 0


def is_unfinished(path: Path) -> bool:
    """Whether a load has begun and none has ended."""
    with closing(sqlite3.connect(path)) as database:
        (stored,) = database.execute("SELECT COUNT(*) FROM airports").fetchone()
        (ended,) = database.execute("SELECT COUNT(*) FROM airport_loads").fetchone()
    return bool(stored > 0 and ended == 0)


@pytest.mark.parametrize(("store", "database"), [*THE_OTHERS, ("lmdb", "sqlite")])
def test_split_in_two_every_answer_is_right(
    tmp_path: Path, files: Path, running: dict[str, Database], store: str, database: str
) -> None:
    file = airports(files, FEW_ROWS)
    with STORES[store]() as kept, feed(file) as address:
        settings = {**kept, **running[database].settings}
        manager = {**settings, **address, "APP_ENABLE_KVSTORE": "false"}
        with answering(tmp_path, "lookup.json", settings) as lookup, answering(tmp_path, "data-manager.json", manager):
            assert differences(lookup.port, expected(file)) == []


def test_before_a_load_is_complete_the_answer_is_503(tmp_path: Path, files: Path) -> None:
    file = airports(files, ALL_ROWS)
    with feed(file) as address, tarmac(tmp_path, "data-manager.json", address) as manager:
        manager.wait_for(f"Stored 20000 of {len(expected(file).airports)} airports")
        manager.stop(signal.SIGKILL)
    with answering(tmp_path, "lookup.json", {}) as lookup:
        answer = lookup.ask('{"local_code": "PHX"}')
    assert (answer.code, json.loads(answer.body)) == (503, {"error": "the airports are not loaded yet"})


def test_a_reload_changes_adds_and_removes_airports(tmp_path: Path, files: Path) -> None:
    old, new = (expected(airports(files, FEW_ROWS, seed)) for seed in (1, 2))
    file = write_file(tmp_path / "airports.csv", FEW_ROWS)
    manifest = tmp_path / "tarmac.json"
    manifest.write_text(
        (EXAMPLE / "tarmac.json")
        .read_text()
        .replace('"frequency": 300', '"frequency": 1')
        .replace("functions/", f"{EXAMPLE}/functions/")
    )
    with feed(file) as address, answering(tmp_path, manifest, {**address, "APP_KVSTORE_TYPE": "memory"}) as server:
        assert differences(server.port, Expected({"PHX": old.airports["PHX"]}, frozenset())) == []
        write_file(file, FEW_ROWS, seed=2)
        assert new.message != old.message
        server.wait_for(new.message)
        gone = frozenset(old.airports.keys() - new.airports.keys())
        assert gone
        assert differences(server.port, Expected(new.airports, gone)) == []


def test_both_forms_of_a_request_and_what_is_wrong_with_others(tmp_path: Path, files: Path) -> None:
    phoenix = {
        "local_code": "PHX",
        "name": "Phoenix Sky Harbor International Airport",
        "country": "US",
        "emoji": "🇺🇸",
        "type": "large_airport",
        "type_emoji": "✈️",
        "status": "open",
    }
    with feed(airports(files, FEW_ROWS)) as address, answering(tmp_path, "tarmac.json", address) as server:
        for answer in (
            server.ask('{"local_code": "PHX"}'),
            server.ask('{"local_code": " PHX "}'),
            server.ask(path="/airports/PHX", method="GET"),
        ):
            assert (answer.code, json.loads(answer.body)) == (200, phoenix)
            assert answer.headers["Content-Type"] == "application/json"
        for body, error in (
            ("", "local_code is required"),
            ("{}", "local_code is required"),
            ('{"local_code": " "}', "local_code is required"),
            ("PHX", 'the body must be JSON such as {"local_code": "PHX"}'),
            ('{"local_code": 1}', 'the body must be JSON such as {"local_code": "PHX"}'),
        ):
            answer = server.ask(body)
            assert (answer.code, json.loads(answer.body)) == (400, {"error": error})
        answer = server.ask(path="/airports/nowhere", method="GET")
        assert (answer.code, json.loads(answer.body)) == (404, {"error": "there is no airport with this local_code"})

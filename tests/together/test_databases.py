"""Every SQL backend behind the whole server: as default and as named store, with grants, asked by a guest."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tarmac_sql.sql_pb2 import SQLExec, SQLQuery, SQLQueryResponse, Value

from tests.services.databases import EMBEDDED, SERVERS, lines
from tests.together.server import Server, listening, write_manifest
from tests.unit.dispatch.guests import RELAY, host_call, outcome

GRANTS = {
    "free": None,
    "second": {"sql": {"stores": ["default", "second"]}},
    "reader": {"sql": {"read_only": True}},
    "nothing": {},
}


@pytest.fixture(scope="module", params=[*EMBEDDED, *SERVERS])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose functions do the host call that they are sent, on two databases of one backend with a table each."""
    backend: str = request.param
    folder = tmp_path_factory.mktemp(backend)
    (folder / "relay.wasm").write_bytes(RELAY)
    functions = {
        name: {"filepath": "relay.wasm"} | ({} if grants is None else {"grants": grants})
        for name, grants in GRANTS.items()
    }
    write_manifest(folder, functions)
    with {**EMBEDDED, **SERVERS}[backend](folder) as database:
        (folder / "config.toml").write_text("\n".join(lines(backend, database)))
        with listening(folder, "tarmac.json", "--config", "config.toml") as running:
            for store in ("", "second"):
                assert (
                    exec_(running, "second", store, "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(50))") == ""
                )
            yield running
            assert running.stop() == 0


def exec_(server: Server, function: str, store: str, text: str, *args: Value) -> str:
    """The error of a statement, empty where it worked."""
    payload = SQLExec(query=text.encode(), args=args).SerializeToString()
    answer = server.ask(host_call(store, "sql", "exec", payload), f"/{function}")
    assert answer.code == 200
    is_ok, error, _ = outcome(answer.body)
    return "" if is_ok else error or "failed"


def query(server: Server, function: str, store: str, text: str, *args: Value) -> Any:
    """The rows of a statement, or its error."""
    payload = SQLQuery(query=text.encode(), args=args).SerializeToString()
    answer = server.ask(host_call(store, "sql", "query", payload), f"/{function}")
    assert answer.code == 200
    is_ok, error, reply = outcome(answer.body)
    return json.loads(SQLQueryResponse.FromString(reply).data) if is_ok else error


def test_one_text_with_parameters_serves_every_database(server: Server) -> None:
    name = "O'Hare % :x ? \\ \" й"
    assert exec_(server, "free", "", "INSERT INTO t VALUES (?, ?)", Value(integer=1), Value(text=name)) == ""
    rows = query(server, "free", "", "SELECT id, name FROM t WHERE name = ?", Value(text=name))
    assert rows == [{"id": 1, "name": name}]


def test_a_named_store_is_another_database_and_needs_a_grant(server: Server) -> None:
    assert exec_(server, "second", "second", "INSERT INTO t VALUES (?, ?)", Value(integer=7), Value(text="there")) == ""
    assert query(server, "second", "second", "SELECT name FROM t WHERE id = 7") == [{"name": "there"}]
    assert query(server, "second", "default", "SELECT name FROM t WHERE id = 7") == []
    assert "needs a grant" in query(server, "free", "second", "SELECT 1")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (9, 'x')",
        "DELETE FROM t",
        "CREATE TABLE other (id INTEGER)",
        "DROP TABLE t",
    ],
)
def test_a_read_only_grant_changes_nothing(server: Server, text: str) -> None:
    before = query(server, "free", "", "SELECT count(*) AS n FROM t")
    assert "not granted" in query(server, "reader", "default", text)
    assert "not granted" in exec_(server, "reader", "default", text)
    assert query(server, "reader", "default", "SELECT count(*) AS n FROM t") == before


def test_a_function_with_grants_of_other_things_reaches_no_database(server: Server) -> None:
    assert "grants" in query(server, "nothing", "default", "SELECT 1")


def test_readiness_asks_both_databases(server: Server) -> None:
    answer = server.ask(path="/ready?verbose", method="GET")
    assert (answer.code, answer.body) == (200, b'{"ok": true, "problems": {}}')

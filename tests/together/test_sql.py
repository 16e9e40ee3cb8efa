"""Guests ask databases through the running server: both formats, parameters, limits, grants, a named store."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tarmac_sql.sql_pb2 import SQLExec, SQLExecResponse, SQLQuery, SQLQueryResponse, Value

from tests.together.forwarding import forwarding
from tests.together.server import Server, listening, write_manifest

CONFIG = """
enable_sql = true
sql_max_rows = 100
sql_statement_timeout_ms = 500

[stores.archive]
capability = "sql"
backend = "sqlite"
dsn = "archive.db"
values = "go"
"""
# name: binding, operation, grants
FUNCTIONS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "query": ("default", "query", None),
    "exec": ("tarmac", "exec", None),
    "read": ("default", "query", {"sql": {"read_only": True}}),
    "refused": ("default", "exec", {"sql": {"read_only": True}}),
    "nothing": ("default", "query", {}),
    "archive": ("archive", "exec", {"sql": {"stores": ["archive"]}}),
    "archived": ("archive", "query", {"sql": {"stores": ["archive"], "read_only": True}}),
    "elsewhere": ("archive", "query", {"sql": {"stores": ["default"]}}),
}
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, with its databases in its folder."""
    folder = tmp_path_factory.mktemp("sql")
    functions: dict[str, dict[str, Any]] = {}
    for name, (binding, operation, grants) in FUNCTIONS.items():
        (folder / f"{name}.wasm").write_bytes(forwarding(binding, "sql", operation))
        functions[name] = {"filepath": f"{name}.wasm"} | ({} if grants is None else {"grants": grants})
    write_manifest(folder, functions)
    (folder / "tarmac.toml").write_text(CONFIG)
    with listening(folder, "tarmac.json", "--config", "tarmac.toml") as running:
        yield running


def query(server: Server, text: str, *args: Value, function: str = "query") -> SQLQueryResponse:
    answer = server.ask(SQLQuery(query=text.encode(), args=args).SerializeToString(), f"/{function}")
    assert answer.code == 200, answer.body
    return SQLQueryResponse.FromString(answer.body)


def execute(server: Server, text: str, *args: Value, function: str = "exec") -> SQLExecResponse:
    answer = server.ask(SQLExec(query=text.encode(), args=args).SerializeToString(), f"/{function}")
    assert answer.code == 200, answer.body
    return SQLExecResponse.FromString(answer.body)


def asked_in_json(server: Server, function: str, text: str, *args: Any) -> Any:
    body = json.dumps({"query": base64.b64encode(text.encode()).decode(), "args": args})
    answer = server.ask(body, f"/{function}")
    assert answer.code == 200, answer.body
    return json.loads(answer.body)


def failed(server: Server, text: str, function: str = "query") -> str:
    return server.ask(SQLQuery(query=text.encode()).SerializeToString(), f"/{function}").body.decode()


def test_each_kind_of_value_goes_in_and_comes_back_in_protobuf(server: Server) -> None:
    execute(server, "CREATE TABLE kinds (a, b, c, d, e)")
    values = (Value(integer=2**53 + 1), Value(real=0.5), Value(text="<it's>"), Value(blob=b"\0\xff"), Value())
    done = execute(server, "INSERT INTO kinds VALUES (?, ?, ?, ?, ?)", *values)
    assert (done.status.code, done.rows_affected, done.last_insert_id) == (200, 1, 1)
    rows = query(server, "SELECT * FROM kinds WHERE c = ?", values[2])
    assert (rows.status.code, rows.status.status, list(rows.columns)) == (200, "OK", ["a", "b", "c", "d", "e"])
    assert json.loads(rows.data) == [{"a": 2**53 + 1, "b": 0.5, "c": "<it's>", "d": "AP8=", "e": None}]


def test_the_same_in_json(server: Server) -> None:
    execute(server, "CREATE TABLE in_json (a, b, c)")
    done = asked_in_json(server, "exec", "INSERT INTO in_json VALUES (?, ?, ?)", 1, "x", {"base64": "AP8="})
    assert done == {"status": {"code": 200, "status": "OK"}, "last_insert_id": 1, "rows_affected": 1}
    rows = asked_in_json(server, "query", "SELECT * FROM in_json WHERE b = ?", "x")
    assert json.loads(base64.b64decode(rows["data"])) == [{"a": 1, "b": "x", "c": "AP8="}]


def test_what_the_database_refuses_is_told_in_its_words(server: Server) -> None:
    assert "Unable to execute query - unable to execute query - no such table: gone" in failed(
        server, "SELECT * FROM gone"
    )
    assert "SQL Query must be defined" in failed(server, "")


def test_a_result_that_is_too_large_is_an_error_and_the_next_one_works(server: Server) -> None:
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {}) SELECT x FROM c"
    assert "more than 100 rows" in failed(server, numbers.format(101))
    assert len(json.loads(query(server, numbers.format(100)).data)) == 100


def test_a_statement_that_takes_too_long_is_stopped_while_others_are_answered(server: Server) -> None:
    texts: list[str] = []
    asking = threading.Thread(target=lambda: texts.append(failed(server, ENDLESS)))
    asking.start()
    begun_s = time.monotonic()
    while asking.is_alive():
        assert query(server, "SELECT 1 AS a").data == b'[{"a":1}]'
    asking.join()
    assert 0.4 < time.monotonic() - begun_s < 3
    assert "it took longer than 500 ms and was stopped" in texts[0]


def test_grants_hold_whatever_the_statement_says(server: Server) -> None:
    execute(server, "CREATE TABLE guarded (a)")
    assert query(server, "SELECT * FROM guarded", function="read").data == b"[]"
    for function in ("read", "refused"):
        assert "not granted: the database may only be read" in failed(server, "DELETE FROM guarded", function)
    assert "not granted: " in failed(server, "SELECT 1", "nothing")
    assert "not granted: " in failed(server, "SELECT 1", "elsewhere")


def test_a_named_store_is_a_database_of_its_own_with_its_own_settings(server: Server) -> None:
    execute(server, "CREATE TABLE only_here (b, a)", function="archive")
    execute(server, "INSERT INTO only_here VALUES (2.0, 1)", function="archive")
    assert query(server, "SELECT * FROM only_here", function="archived").data == b'[{"a":1,"b":2}]'
    assert "no such table" in failed(server, "SELECT * FROM only_here")
    assert (server.folder / "archive.db").is_file()


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    for name in ("query", "exec"):
        (tmp_path / f"{name}.wasm").write_bytes(forwarding("default", "sql", name))
    write_manifest(tmp_path, {name: {"filepath": f"{name}.wasm"} for name in ("query", "exec")})
    with listening(tmp_path, "tarmac.json", APP_ENABLE_SQL="true") as server:
        execute(server, "CREATE TABLE t (a)")
        execute(server, "INSERT INTO t VALUES (7)")
        assert server.stop() == 0
    with listening(tmp_path, "tarmac.json", APP_ENABLE_SQL="true") as server:
        assert query(server, "SELECT a FROM t").data == b'[{"a":7}]'
        assert server.stop() == 0

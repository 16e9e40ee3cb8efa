"""Guests ask a real server through the running Tarmac: the default store, a named one, grants, and a restart of the server."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tarmac_sql.sql_pb2 import SQLExec, SQLExecResponse, SQLQuery, SQLQueryResponse, Value

from tests.services.mariadb import PASSWORD, MariaDBServer
from tests.together.forwarding import forwarding
from tests.together.server import Server, listening, write_manifest

CONFIG = """
enable_sql = true
sql_type = "{type}"
sql_dsn = "{dsn}"

[stores.archive]
capability = "sql"
backend = "mysql"
dsn = "{dsn}"
values = "go"
"""
# name: binding, operation, grants
FUNCTIONS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "query": ("default", "query", None),
    "exec": ("tarmac", "exec", None),
    "read": ("default", "query", {"sql": {"read_only": True}}),
    "archived": ("archive", "query", {"sql": {"stores": ["archive"], "read_only": True}}),
    "elsewhere": ("archive", "query", {"sql": {"stores": ["default"]}}),
}


def prepare(folder: Path, server: MariaDBServer, *, type_: str = "mysql", dsn: str = "") -> None:
    functions: dict[str, dict[str, Any]] = {}
    for name, (binding, operation, grants) in FUNCTIONS.items():
        (folder / f"{name}.wasm").write_bytes(forwarding(binding, "sql", operation))
        functions[name] = {"filepath": f"{name}.wasm"} | ({} if grants is None else {"grants": grants})
    write_manifest(folder, functions)
    (folder / "tarmac.toml").write_text(CONFIG.format(type=type_, dsn=dsn or server.dsn()))


@pytest.fixture(scope="module")
def database() -> Iterator[MariaDBServer]:
    with MariaDBServer() as server:
        yield server


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def tarmac(
    request: pytest.FixtureRequest, database: MariaDBServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Tarmac with both names of the plugin."""
    folder = tmp_path_factory.mktemp("mysql")
    prepare(folder, database, type_=request.param)
    with listening(folder, "tarmac.json", "--config", "tarmac.toml") as running:
        yield running


def query(tarmac: Server, text: str, *args: Value, function: str = "query") -> SQLQueryResponse:
    answer = tarmac.ask(SQLQuery(query=text.encode(), args=args).SerializeToString(), f"/{function}")
    assert answer.code == 200, answer.body
    return SQLQueryResponse.FromString(answer.body)


def execute(tarmac: Server, text: str, *args: Value) -> SQLExecResponse:
    answer = tarmac.ask(SQLExec(query=text.encode(), args=args).SerializeToString(), "/exec")
    assert answer.code == 200, answer.body
    return SQLExecResponse.FromString(answer.body)


def failed(tarmac: Server, text: str, function: str = "query") -> str:
    return tarmac.ask(SQLQuery(query=text.encode()).SerializeToString(), f"/{function}").body.decode()


def test_guests_write_and_read_in_both_formats(tarmac: Server) -> None:
    execute(tarmac, "CREATE OR REPLACE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, a TEXT, b BLOB, c DOUBLE)")
    values = (Value(text="it's %s \\ 東京"), Value(blob=b"\0\xff"), Value(real=0.5))
    done = execute(tarmac, "INSERT INTO kinds (a, b, c) VALUES (?, ?, ?)", *values)
    assert (done.status.code, done.rows_affected, done.last_insert_id) == (200, 1, 1)
    rows = query(tarmac, "SELECT * FROM kinds WHERE a = ?", values[0])
    assert json.loads(rows.data) == [{"id": 1, "a": "it's %s \\ 東京", "b": "AP8=", "c": 0.5}]
    body = {"query": base64.b64encode(b"SELECT a FROM kinds WHERE c < ?").decode(), "args": [0.6]}
    answer = json.loads(tarmac.ask(json.dumps(body), "/query").body)
    assert json.loads(base64.b64decode(answer["data"])) == [{"a": "it's %s \\ 東京"}]


def test_grants_hold_whatever_the_statement_says(tarmac: Server) -> None:
    execute(tarmac, "CREATE OR REPLACE TABLE guarded (a INT)")
    assert query(tarmac, "SELECT * FROM guarded", function="read").data == b"[]"
    for text in (
        "DROP TABLE guarded",
        "SET SESSION TRANSACTION READ WRITE",
        "BEGIN NOT ATOMIC DELETE FROM guarded; END",
    ):
        assert "not granted: the database may only be read" in failed(tarmac, text, "read")
    assert "not granted: " in failed(tarmac, "SELECT 1", "elsewhere")


def test_a_named_store_has_its_own_settings(tarmac: Server) -> None:
    assert query(tarmac, "SELECT 1 AS b, 'x' AS a", function="archived").data == b'[{"a":"eA==","b":"MQ=="}]'
    assert "not granted: " in failed(tarmac, "CREATE TABLE never (a INT)", "archived")


def test_a_restarted_server_is_found_again_without_a_restart_of_tarmac(tmp_path: Path) -> None:
    with MariaDBServer() as server:
        prepare(tmp_path, server)
        with listening(tmp_path, "tarmac.json", "--config", "tarmac.toml") as tarmac:
            execute(tarmac, "CREATE TABLE kept (a INT)")
            execute(tarmac, "INSERT INTO kept VALUES (?)", Value(integer=7))
            server.kill()
            for _ in range(3):
                text = failed(tarmac, "SELECT 1")
                assert "the database cannot be reached" in text or "was lost" in text
            server.start()
            assert query(tarmac, "SELECT a FROM kept").data == b'[{"a":7}]'


def test_a_start_without_the_server_names_plugin_setting_and_server(tmp_path: Path, database: MariaDBServer) -> None:
    prepare(tmp_path, database, dsn=database.dsn(password=PASSWORD + "x"))
    with Server(tmp_path, ("serve", "tarmac.json", "--config", "tarmac.toml", "--no-tls")) as tarmac:
        assert tarmac.process.wait(30) == 1
        for thread in tarmac._threads:
            thread.join()
    assert f"sql.mysql: open failed: sql_dsn {database.address}: Access denied" in tarmac.stderr
    assert PASSWORD not in tarmac.stderr + json.dumps(tarmac.logged)

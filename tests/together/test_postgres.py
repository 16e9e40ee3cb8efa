"""Guests on PostgreSQL through the running server: as the default database and a named one, with grants, and faults."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tarmac_sql.sql_pb2 import SQLExec, SQLExecResponse, SQLQuery, SQLQueryResponse, Value

from tests.services.postgres import PASSWORD, PostgresServer
from tests.together.forwarding import forwarding
from tests.together.server import Server, listening, serve, write_manifest

CONFIG = """
enable_sql = true
sql_type = "postgres"
sql_dsn = "{dsn}"
sql_statement_timeout_ms = 3000

[stores.reports]
capability = "sql"
backend = "postgres"
dsn = "{dsn}&default_transaction_isolation=serializable"
values = "go"
"""
# name: binding, operation, grants
FUNCTIONS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "query": ("default", "query", None),
    "exec": ("tarmac", "exec", None),
    "read": ("default", "query", {"sql": {"read_only": True}}),
    "refused": ("default", "exec", {"sql": {"read_only": True}}),
    "reports": ("reports", "query", {"sql": {"stores": ["reports"], "read_only": True}}),
    "elsewhere": ("reports", "query", {"sql": {"stores": ["default"]}}),
}


def write(folder: Path, dsn: str) -> None:
    """Functions that pass on, and a configuration."""
    functions: dict[str, dict[str, Any]] = {}
    for name, (binding, operation, grants) in FUNCTIONS.items():
        (folder / f"{name}.wasm").write_bytes(forwarding(binding, "sql", operation))
        functions[name] = {"filepath": f"{name}.wasm"} | ({} if grants is None else {"grants": grants})
    write_manifest(folder, functions)
    (folder / "tarmac.toml").write_text(CONFIG.format(dsn=dsn))


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


@pytest.fixture(scope="module")
def server(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("postgres")
    write(folder, postgres.dsn())
    with listening(folder, "tarmac.json", "--config", "tarmac.toml") as running:
        yield running
        assert running.stop() == 0


def query(server: Server, text: str, *args: Value, function: str = "query") -> Any:
    answer = server.ask(SQLQuery(query=text.encode(), args=args).SerializeToString(), f"/{function}")
    assert answer.code == 200, answer.body
    return json.loads(SQLQueryResponse.FromString(answer.body).data)


def execute(server: Server, text: str, *args: Value) -> SQLExecResponse:
    answer = server.ask(SQLExec(query=text.encode(), args=args).SerializeToString(), "/exec")
    assert answer.code == 200, answer.body
    return SQLExecResponse.FromString(answer.body)


def failed(server: Server, text: str, function: str = "query") -> str:
    answer = server.ask(SQLQuery(query=text.encode()).SerializeToString(), f"/{function}")
    assert answer.code == 500
    return answer.body.decode()


def test_values_go_in_and_come_back(server: Server) -> None:
    execute(server, "CREATE TABLE kinds (a int8, b float8, c text, d bytea, e date, f jsonb)")
    values = (Value(integer=2**53 + 1), Value(real=0.5), Value(text="<it's>"), Value(blob=b"\0\xff"), Value())
    done = execute(server, "INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, '[1]')", *values)
    # The original answers 206 here, since PostgreSQL has no id of a new row.
    assert (done.status.code, done.rows_affected, done.last_insert_id) == (200, 1, 0)
    rows = query(server, "SELECT * FROM kinds WHERE c = ?", values[2])
    assert rows == [{"a": 2**53 + 1, "b": 0.5, "c": "<it's>", "d": "AP8=", "e": None, "f": [1]}]


def test_grants_hold_and_a_named_store_has_its_own_settings(server: Server) -> None:
    execute(server, "CREATE TABLE guarded (b numeric, a int)")
    execute(server, "INSERT INTO guarded VALUES (1.50, 7)")
    assert query(server, "SELECT * FROM guarded", function="read") == [{"b": "1.50", "a": 7}]
    assert query(server, "SELECT * FROM guarded", function="reports") == [{"a": 7, "b": "MS41MA=="}]
    assert query(server, "SHOW transaction_isolation", function="reports") == [
        {"transaction_isolation": "serializable"}
    ]
    for function in ("read", "refused", "reports"):
        assert "not granted: the database may only be read" in failed(server, "DELETE FROM guarded", function)
    assert "not granted: " in failed(server, "SELECT 1", "elsewhere")


def test_a_database_that_was_killed_is_used_again(server: Server, postgres: PostgresServer) -> None:
    execute(server, "CREATE TABLE survivors (a int)")
    codes: list[int] = []
    call = SQLQuery(query=b"SELECT pg_sleep(2)").SerializeToString()
    waiting = [threading.Thread(target=lambda: codes.append(server.ask(call, "/query").code)) for _ in range(4)]
    for thread in waiting:
        thread.start()
    execute(server, "INSERT INTO survivors VALUES (1)")
    postgres.kill()
    for thread in waiting:
        thread.join()
    assert set(codes) == {500}
    assert "the database cannot be reached" in failed(server, "SELECT 1")
    down = server.ask(path="/ready?verbose", method="GET")
    assert down.code == 503
    assert b"the database cannot be reached" in down.body
    postgres.start()
    assert query(server, "SELECT a FROM survivors") == [{"a": 1}]
    assert server.ask(path="/ready", method="GET").code == 200


def test_a_wrong_password_ends_the_start_without_being_shown(postgres: PostgresServer, tmp_path: Path) -> None:
    wrong = PASSWORD + "-wrong"
    write(tmp_path, postgres.dsn(password=wrong))
    with serve(tmp_path, "tarmac.json", "--config", "tarmac.toml") as server:
        assert server.ended() == 1
    assert f"sql.postgres: open failed: sql_dsn {postgres.address}: " in server.stderr
    assert "mend user and password of sql_dsn" in server.stderr
    assert PASSWORD not in server.stderr + str(server.logged)


def test_the_address_is_masked_where_settings_are_shown(postgres: PostgresServer, tmp_path: Path) -> None:
    write(tmp_path, postgres.dsn())
    command = [sys.executable, "-m", "tarmac_core", "config", "show", "--config", "tarmac.toml"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "sql_dsn" in shown.stdout
    assert PASSWORD not in shown.stdout + shown.stderr

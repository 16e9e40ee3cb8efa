"""Questions as Google's Go implementation writes them, fields of later versions included, and answers as it reads them."""

import base64
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tarmac_httpclient.plugin import HTTPClientPlugin
from tarmac_kv.plugin import KVPlugin
from tarmac_kv_memory.plugin import MemoryPlugin
from tarmac_metrics.plugin import MetricsPlugin
from tarmac_sql.plugin import SQLPlugin
from tarmac_sql_sqlite.plugin import SqlitePlugin

from tarmac_core.plugin import Event, GuestMetric
from tarmac_core.testing import PluginHarness
from tarmac_core.testing.answers import Answer, Capability
from tests.together.web import web_server
from tests.wire.conftest import Go
from tests.wire.messages import UNKNOWN

OK = {"code": 200, "status": "OK"}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


Opening = Callable[[AsyncExitStack], Awaitable[Capability]]


def asking(go: Go, opened: Opening, *steps: tuple[str, str, Any]) -> list[Answer]:
    """Open a capability, ask it one question after the other (operation, message, what it says), and close it."""
    payloads = [(operation, go.write(message, says) + b"".join(UNKNOWN)) for operation, message, says in steps]

    async def ask() -> list[Answer]:
        async with AsyncExitStack() as stack:
            capability = await opened(stack)
            return [await capability.call(operation, payload) for operation, payload in payloads]

    return go.runner.run(ask())


def test_the_key_value_store(go: Go, tmp_path: Path) -> None:
    async def opened(stack: AsyncExitStack) -> Capability:
        memory = await stack.enter_async_context(PluginHarness(MemoryPlugin, data_dir=tmp_path))
        stores = {"default": await memory.backend("memory")}
        kv = await stack.enter_async_context(PluginHarness(KVPlugin, data_dir=tmp_path))
        return await kv.capability(stores=stores)

    key = b64("ü")
    answers = asking(
        go,
        opened,
        ("set", "tarmac.kvstore.KVStoreSet", {"key": key, "data": "", "ttlMs": "60000"}),
        ("get", "tarmac.kvstore.KVStoreGet", {"key": key}),
        ("cas", "tarmac.kvstore.KVStoreCas", {"key": key, "expected": "", "data": b64("b")}),
        ("get", "tarmac.kvstore.KVStoreGet", {"key": key}),
        ("keys", "tarmac.kvstore.KVStoreKeys", {"prefix": key, "limit": 10}),
        ("delete", "tarmac.kvstore.KVStoreDelete", {"key": key}),
        ("get", "tarmac.kvstore.KVStoreGet", {"key": key}),
        ("set", "tarmac.kvstore.KVStoreSet", {"key": key}),
    )
    kinds = ("Set", "Get", "Cas", "Get", "Keys", "Delete", "Get", "Set")
    said = [
        go.read(f"tarmac.kvstore.KVStore{kind}Response", one.payload) for kind, one in zip(kinds, answers, strict=True)
    ]
    missing = {"code": 404, "status": "Unable to fetch key nil value returned from database"}
    assert said == [
        {"status": OK},
        {"status": OK},
        {"status": OK, "swapped": True},
        {"status": OK, "data": b64("b")},
        {"status": OK, "keys": [key]},
        {"status": OK},
        {"status": missing},
        {"status": {"code": 400, "status": "Data cannot be nil"}},
    ]


def test_the_database(go: Go, tmp_path: Path) -> None:
    async def opened(stack: AsyncExitStack) -> Capability:
        sqlite = await stack.enter_async_context(PluginHarness(SqlitePlugin, data_dir=tmp_path))
        stores = {"default": await sqlite.backend("sqlite")}
        sql = await stack.enter_async_context(PluginHarness(SQLPlugin, data_dir=tmp_path))
        return await sql.capability(stores=stores)

    args = [{}, {"boolean": True}, {"integer": str(-(2**63))}, {"real": -0.5}, {"text": "ü"}, {"blob": "AP8="}]
    answers = asking(
        go,
        opened,
        ("exec", "tarmac.sql.SQLExec", {"query": b64("CREATE TABLE t (a, b, c, d, e, f)")}),
        ("exec", "tarmac.sql.SQLExec", {"query": b64("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)"), "args": args}),
        ("query", "tarmac.sql.SQLQuery", {"query": b64("SELECT * FROM t WHERE e = ?"), "args": [{"text": "ü"}]}),
        ("query", "tarmac.sql.SQLQuery", {}),
    )
    done, found, refused = answers[1:]
    assert go.read("tarmac.sql.SQLExecResponse", done.payload) == {
        "status": OK,
        "lastInsertId": "1",
        "rowsAffected": "1",
    }
    rows = go.read("tarmac.sql.SQLQueryResponse", found.payload)
    assert rows["columns"] == list("abcdef")
    assert base64.b64decode(rows["data"]).decode() == (
        '[{"a":null,"b":1,"c":-9223372036854775808,"d":-0.5,"e":"ü","f":"AP8="}]'
    )
    said = go.read("tarmac.sql.SQLQueryResponse", refused.payload)
    assert said == {"status": {"code": 400, "status": "SQL Query must be defined"}}


def test_the_http_client(go: Go, tmp_path: Path) -> None:
    async def opened(stack: AsyncExitStack) -> Capability:
        client = await stack.enter_async_context(PluginHarness(HTTPClientPlugin, data_dir=tmp_path))
        return await client.capability()

    with web_server() as web:
        headers = {"x-a": {"values": [b64("1"), b64("2")]}}
        request = {"method": b64("PUT"), "url": b64(f"{web.url}/404"), "headers": headers, "body": b64("ü")}
        (answer,) = asking(go, opened, ("call", "tarmac.httpclient.HTTPClient", request))
        (asked,) = web.asked
    said = go.read("tarmac.httpclient.HTTPClientResponse", answer.payload)
    assert (said["status"], said["code"], said["body"]) == (OK, 404, b64("PUT ü"))
    assert said["headers"]["x-kind"] == {"values": [b64("a"), b64("b")]}
    assert (asked.method, asked.body) == ("PUT", "ü".encode())


@pytest.mark.parametrize(
    ("operation", "message", "more", "change"),
    [
        ("counter", "Counter", {}, 1.0),
        ("gauge", "Gauge", {"action": b64("dec")}, -1.0),
        ("histogram", "Histogram", {"value": -0.25}, -0.25),
    ],
)
def test_metrics(go: Go, tmp_path: Path, operation: str, message: str, more: dict[str, Any], change: float) -> None:
    events: list[Event] = []

    async def opened(stack: AsyncExitStack) -> Capability:
        metrics = await stack.enter_async_context(PluginHarness(MetricsPlugin, data_dir=tmp_path))
        metrics.records.events = events
        return await metrics.capability()

    (answer,) = asking(go, opened, (operation, f"tarmac.metrics.Metrics{message}", {"name": b64("a:b"), **more}))
    assert (answer.payload, answer.error) == (b"", "")
    (event,) = events
    assert isinstance(event, GuestMetric)
    assert (event.kind, event.name, event.value) == (operation, "a:b", change)

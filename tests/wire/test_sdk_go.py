"""What functions built with the Go SDK write and read, beside Google's Go implementation: each message that it uses."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tarmac_core.wapc import Guest, GuestLimits, HostReply
from tests.guests.builder.paths import WASM
from tests.wire.conftest import Go
from tests.wire.messages import UNKNOWN

OK = {"code": 200, "status": "OK"}


def b64(content: bytes | str) -> str:
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


@dataclass
class Function:
    """The guest `go-sdk`, whose host answers with what it is told and keeps what it was asked."""

    go: Go
    guest: Guest
    reply: HostReply = field(default_factory=lambda: HostReply(True, b""))
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    def __call__(self, *lines: str) -> str:
        payload = "\n".join(lines).encode()
        return self.go.runner.run(self.guest.call(b"handler", payload, self._host_call)).decode()

    def answers(self, message: str, says: Any, *more: bytes, is_ok: bool = True) -> None:
        """What the host replies from now on, as Go writes it, with more bytes behind."""
        content = self.go.write(message, says) + b"".join(more)
        self.reply = HostReply(is_ok, content, "" if is_ok else "failed")

    def said(self, operation: str, message: str) -> Any:
        """What Go reads of the one question since the last look."""
        (asked,) = self.asked
        self.asked.clear()
        assert asked[0] == operation
        return self.go.read(message, asked[1])

    async def _host_call(self, binding: bytes, capability: bytes, operation: bytes, payload: bytes) -> HostReply:
        self.asked.append((f"{capability.decode()}/{operation.decode()}", payload))
        return self.reply


@pytest.fixture(scope="module")
def loaded(go: Go) -> Iterator[Guest]:
    guest = go.engine.load("go-sdk", (WASM / "go-sdk.wasm").read_bytes(), GuestLimits(pool_size=1))
    yield guest
    go.runner.run(guest.close())


@pytest.fixture
def function(go: Go, loaded: Guest) -> Function:
    return Function(go, loaded)


def test_get(function: Function) -> None:
    function.answers("tarmac.kvstore.KVStoreGetResponse", {"status": OK, "data": b64("ü\n")}, *UNKNOWN)
    assert function("kv.get", "a") == "ü\n"
    assert function.said("kvstore/get", "tarmac.kvstore.KVStoreGet") == {"key": b64("a")}
    function.answers("tarmac.kvstore.KVStoreGetResponse", {"status": {"code": -7, "status": "odd"}}, is_ok=False)
    assert function("kv.get", "a") == "!ErrHostError -7 odd"


def test_set_and_delete(function: Function) -> None:
    function.answers("tarmac.kvstore.KVStoreSetResponse", {"status": OK}, *UNKNOWN)
    assert function("kv.set", "ü", "", "3000000000") == ""
    said = function.said("kvstore/set", "tarmac.kvstore.KVStoreSet")
    assert said == {"key": b64("ü"), "data": "", "ttlMs": "3000000000"}
    function.answers("tarmac.kvstore.KVStoreDeleteResponse", {"status": {"code": 500, "status": "no ü"}}, is_ok=False)
    assert function("kv.delete", "a") == "!ErrHostError 500 no ü"
    assert function.said("kvstore/delete", "tarmac.kvstore.KVStoreDelete") == {"key": b64("a")}


def test_keys_and_pages(function: Function) -> None:
    page = {"status": OK, "keys": [b64("a"), "", b64("c")], "cursor": b64(b"\xff\x00")}
    function.answers("tarmac.kvstore.KVStoreKeysResponse", page, *UNKNOWN)
    assert function("kv.page", "p", r'"\xfe"', "7") == '"\\xff\\x00"\na\n\nc'
    said = function.said("kvstore/keys", "tarmac.kvstore.KVStoreKeys")
    assert said == {"returnProto": True, "prefix": b64("p"), "cursor": b64(b"\xfe"), "limit": 7}
    function.answers("tarmac.kvstore.KVStoreKeysResponse", {"status": OK})
    assert function("kv.keys") == ""
    assert function.said("kvstore/keys", "tarmac.kvstore.KVStoreKeys") == {"returnProto": True}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [("-", "=b", {"data": b64("b")}), ("=", "=", {"expected": "", "data": ""}), ("=a", "-", {"expected": b64("a")})],
)
def test_compare_and_swap(function: Function, old: str, new: str, says: dict[str, str]) -> None:
    for swapped in (True, False):
        function.answers("tarmac.kvstore.KVStoreCasResponse", {"status": OK, "swapped": swapped}, *UNKNOWN)
        assert function("kv.cas", "k", old, new, "5") == str(swapped).lower()
        said = function.said("kvstore/cas", "tarmac.kvstore.KVStoreCas")
        assert said == {"key": b64("k"), "ttlMs": "5", **says}


def test_statements_and_every_kind_of_value(function: Function) -> None:
    done = {"status": {"code": 206, "status": "no id"}, "lastInsertId": "-9223372036854775808", "rowsAffected": "3"}
    function.answers("tarmac.sql.SQLExecResponse", done, *UNKNOWN)
    values = [
        "n:",
        "b:false",
        "b:true",
        "i:0",
        "i:-1",
        "i:9223372036854775807",
        "f:0",
        "f:NaN",
        "f:-Inf",
        "t:",
        "t:ü",
        "x:",
        "x:a",
    ]
    assert function("sql.exec", "ü?", *values) == "-9223372036854775808 3!sql.ErrPartialResult 206 no id"
    assert function.said("sql/exec", "tarmac.sql.SQLExec") == {
        "query": b64("ü?"),
        "args": [
            {},
            {"boolean": False},
            {"boolean": True},
            {"integer": "0"},
            {"integer": "-1"},
            {"integer": "9223372036854775807"},
            {"real": 0},
            {"real": "NaN"},
            {"real": "-Infinity"},
            {"text": ""},
            {"text": "ü"},
            {"blob": ""},
            {"blob": b64("a")},
        ],
    }


def test_rows(function: Function) -> None:
    found = {"status": OK, "columns": ["b", "", "ü"], "data": b64('[{"b":1,"":null,"ü":"\\u00fc"}]')}
    function.answers("tarmac.sql.SQLQueryResponse", found, *UNKNOWN)
    assert function("sql.scan", "itt", "q") == '"ü" 1 0 false ""'
    assert function.said("sql/query", "tarmac.sql.SQLQuery") == {"query": b64("q")}


def test_http_requests_and_answers(function: Function) -> None:
    headers = {"content-type": {"values": [b64("a/b")]}, "x-kind": {"values": [b64("1"), "", b64("2")]}, "x-none": {}}
    answer = {"status": OK, "code": 404, "headers": headers, "body": b64("gone"), "truncated": True}
    function.answers("tarmac.httpclient.HTTPClientResponse", answer, *UNKNOWN)
    asked = ("http.do", "PATCH", "http://h/ü", "body", "X-One: 1", "x-one: ", "X-Two: ü")
    assert function(*asked) == "404|Not Found|a/b|1++2|true|gone"
    assert function.said("httpclient/call", "tarmac.httpclient.HTTPClient") == {
        "method": b64("PATCH"),
        "url": b64("http://h/ü"),
        "headers": {"X-One": {"values": [b64("1"), ""]}, "X-Two": {"values": [b64("ü")]}},
        "body": b64("body"),
    }
    assert function("http.get", "https://h", "insecure") == "404|Not Found|a/b|1++2|true|gone"
    said = function.said("httpclient/call", "tarmac.httpclient.HTTPClient")
    assert said == {"method": b64("GET"), "url": b64("https://h"), "insecure": True}


def test_metrics(function: Function) -> None:
    function("metrics", "counter a")
    assert function.said("metrics/counter", "tarmac.metrics.MetricsCounter") == {"name": b64("a")}
    for action in ("inc", "dec"):
        function("metrics", f"{action} a")
        said = function.said("metrics/gauge", "tarmac.metrics.MetricsGauge")
        assert said == {"name": b64("a"), "action": b64(action)}
    for value, says in {"0.1": 0.1, "NaN": "NaN", "+Inf": "Infinity", "5e-324": 5e-324}.items():
        function("metrics", f"observe a {value}")
        said = function.said("metrics/histogram", "tarmac.metrics.MetricsHistogram")
        assert said == {"name": b64("a"), "value": says}


def test_the_request_that_a_function_answers(function: Function) -> None:
    request = {
        "status": OK,
        "method": "GET",
        "route": "/a/:x",
        "parameters": {"x": "7", "": ""},
        "query": [{"name": "q"}, {"name": "q", "value": "ü"}],
        "headers": {"x": {"values": ["1", ""]}, "y": {}},
    }
    function.answers("tarmac.exchange.RequestGetResponse", request, *UNKNOWN)
    assert function("request") == "GET|/a/:x|7|q=|q=ü|1|"
    assert function.said("http/request/get", "tarmac.exchange.RequestGet") == {}


def test_the_response_that_a_function_shapes(function: Function) -> None:
    function.answers("tarmac.exchange.ResponseSetResponse", {"status": OK}, *UNKNOWN)
    for code, says in {"-5": {"code": -5}, "404": {"code": 404}, "0": {}}.items():
        assert function("respond", code, "x-tea", "ü") == ""
        said = function.said("http/response/set", "tarmac.exchange.ResponseSet")
        assert said == {"headers": {"x-tea": {"values": ["ü"]}}, **says}

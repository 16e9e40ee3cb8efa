"""What a guest learns of its HTTP request, and what it may set of the answer."""

import json
from typing import Any

import pytest

from tarmac_core.dispatch import HttpExchange, http_capability
from tarmac_core.dispatch.exchange_pb2 import Header, RequestGetResponse, ResponseSet, ResponseSetResponse
from tarmac_core.plugin import Call, Request
from tests.unit.dispatch.conftest import Bench, raw
from tests.unit.dispatch.guests import host_call

REQUEST = Request(
    method="POST",
    path="/users/ä b",
    query=(("a", "1"), ("a", "2"), ("empty", "")),
    headers={"accept": ("text/html", "*/*"), "x-one": ("1",)},
    route="/users/:id",
    parameters={"id": "ä b"},
    remote_address="192.0.2.7",
    tls_subject="CN=someone",
)


@pytest.fixture
def exchange(bench: Bench) -> HttpExchange:
    bench.capabilities.append(http_capability())
    bench.dispatcher.offer(bench.capabilities)
    bench.load("f")
    return HttpExchange(REQUEST)


async def test_the_guest_reads_the_whole_request_as_protobuf(bench: Bench, exchange: HttpExchange) -> None:
    flag, _, payload = await bench.host_call("f", "tarmac", "http", "request/get", exchange=exchange)
    message = RequestGetResponse.FromString(payload)
    assert flag
    assert (message.status.code, message.status.status) == (200, "OK")
    assert (message.method, message.path, message.route) == ("POST", "/users/ä b", "/users/:id")
    assert dict(message.parameters) == {"id": "ä b"}
    assert [(one.name, one.value) for one in message.query] == [("a", "1"), ("a", "2"), ("empty", "")]
    assert {name: list(header.values) for name, header in message.headers.items()} == {
        "accept": ["text/html", "*/*"],
        "x-one": ["1"],
    }
    assert (message.remote_address, message.tls_subject) == ("192.0.2.7", "CN=someone")


async def test_a_question_in_json_is_answered_in_json(bench: Bench, exchange: HttpExchange) -> None:
    _, _, payload = await bench.host_call("f", "tarmac", "http", "request/get", b"{}", exchange=exchange)
    message = json.loads(payload)
    assert message["status"] == {"code": 200, "status": "OK"}
    assert message["query"][1] == {"name": "a", "value": "2"}
    assert message["headers"]["accept"] == ["text/html", "*/*"]


async def test_the_guest_sets_status_and_headers(bench: Bench, exchange: HttpExchange) -> None:
    wanted = ResponseSet(code=201, headers={"Location": Header(values=["/x"]), "X-Two": Header(values=["1", "2"])})
    flag, _, payload = await bench.host_call(
        "f", "tarmac", "http", "response/set", wanted.SerializeToString(), exchange=exchange
    )
    assert flag
    assert ResponseSetResponse.FromString(payload).status.code == 200
    assert exchange.code == 201
    assert sorted(exchange.headers) == [("Location", "/x"), ("X-Two", "1"), ("X-Two", "2")]


@pytest.mark.parametrize("space", [b" ", b"\n", b"\t\r\n  "])
async def test_json_behind_white_space_is_json(bench: Bench, exchange: HttpExchange, space: bytes) -> None:
    wanted = space + b'{"code": 201}'
    _, _, payload = await bench.host_call("f", "tarmac", "http", "response/set", wanted, exchange=exchange)
    assert json.loads(payload) == {"status": {"code": 200, "status": "OK"}}
    assert exchange.code == 201
    _, _, payload = await bench.host_call("f", "tarmac", "http", "request/get", space + b"{}", exchange=exchange)
    assert json.loads(payload)["method"] == "POST"


async def test_headers_of_the_same_name_are_replaced_and_a_status_of_nought_changes_nothing(
    bench: Bench, exchange: HttpExchange
) -> None:
    for wanted in ({"code": 404, "headers": {"X-A": "1", "X-B": ["1"]}}, {"headers": {"x-a": ["2", "3"]}}):
        _, _, payload = await bench.host_call(
            "f", "tarmac", "http", "response/set", json.dumps(wanted).encode(), exchange=exchange
        )
        assert json.loads(payload) == {"status": {"code": 200, "status": "OK"}}
    assert exchange.code == 404
    assert exchange.headers == [("X-B", "1"), ("x-a", "2"), ("x-a", "3")]


@pytest.mark.parametrize(
    "wanted",
    [
        {"code": 199},
        {"code": 600},
        {"code": -1},
        {"code": "200"},
        {"headers": []},
        {"headers": {"X-A": 1}},
        {"headers": {"X A": "1"}},
        {"headers": {"": "1"}},
        {"headers": {"X-A": "1\r\nX-B: 2"}},
        {"headers": {"X-A": "\u4e2d"}},
        {"headers": {"Content-Length": "1"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
    ],
)
async def test_what_http_cannot_carry_is_refused_and_nothing_is_set(
    bench: Bench, exchange: HttpExchange, wanted: dict[str, Any]
) -> None:
    flag, error, payload = await bench.host_call(
        "f", "tarmac", "http", "response/set", json.dumps({"code": 201} | wanted).encode(), exchange=exchange
    )
    assert not flag
    assert error
    assert json.loads(payload)["status"]["code"] == 400
    assert (exchange.code, exchange.headers) == (200, [])


@pytest.mark.parametrize("payload", [b"{", b'{"code": 1e999}', b"\xff\xff", b"[" * 10, b'{"a":' * 5000])
async def test_a_message_that_cannot_be_read_is_400(bench: Bench, exchange: HttpExchange, payload: bytes) -> None:
    flag, error, _ = await bench.host_call("f", "tarmac", "http", "response/set", payload, exchange=exchange)
    assert (flag, error) == (False, "Error Parsing Input")


async def test_a_protobuf_message_that_cannot_be_read_is_answered_as_protobuf(
    bench: Bench, exchange: HttpExchange
) -> None:
    _, _, payload = await bench.host_call("f", "tarmac", "http", "response/set", b"\xff\xff", exchange=exchange)
    assert ResponseSetResponse.FromString(payload).status.code == 400


async def test_headers_that_would_fill_memory_are_refused(bench: Bench, exchange: HttpExchange) -> None:
    refused = []
    for number in range(9):
        wanted = ResponseSet(headers={f"X-{number}": Header(values=["x" * 10_000])}).SerializeToString()
        ok, error, _ = await bench.host_call("f", "tarmac", "http", "response/set", wanted, exchange=exchange)
        refused += [] if ok else [error]
    assert refused == ["the headers of the answer are more than 65536 bytes"] * 3
    assert len(exchange.headers) == 6


async def test_lone_surrogates_are_replaced(bench: Bench, exchange: HttpExchange) -> None:
    odd = HttpExchange(Request(method="GET", path="/\udcff", headers={"a": ("\udcfe",)}))
    flag, _, payload = await bench.host_call("f", "tarmac", "http", "request/get", exchange=odd)
    assert flag
    assert RequestGetResponse.FromString(payload).path == "/?"


@pytest.mark.parametrize("operation", ["request/get", "response/set"])
async def test_who_answers_no_request_gets_404(bench: Bench, exchange: HttpExchange, operation: str) -> None:
    flag, error, payload = await bench.host_call("f", "tarmac", "http", operation, b"{}")
    assert (flag, error) == (False, "function f does not answer an HTTP request here")
    assert json.loads(payload)["status"]["code"] == 404


async def test_a_callee_does_not_see_its_callers_request(bench: Bench, exchange: HttpExchange) -> None:
    async def call(call: Call, payload: bytes) -> bytes:
        return await bench.dispatcher.call(
            "f", host_call("tarmac", "http", "request/get", b"{}"), origin="function", parent=call
        )

    bench.offer("x", {"call": raw(call)})
    _, _, answer = await bench.host_call("f", "tarmac", "x", "call", exchange=exchange)
    assert b"does not answer an HTTP request" in answer


async def test_the_http_capability_needs_no_grant(bench: Bench, exchange: HttpExchange) -> None:
    bench.load("strict", grants={})
    flag, _, _ = await bench.host_call("strict", "tarmac", "http", "request/get", exchange=exchange)
    assert flag

"""Calls to a real server: what it is sent, and what the guest gets of its answer."""

import base64
import gzip
import json
from typing import Any

import pytest
from aiohttp import web


async def test_an_answer_comes_back_whole(server: Any, guest: Any) -> None:
    server.on("/a", 418, b"\x00\xff", X_One="1")
    reply = await guest.get(server.url("/a?x=1&y=%41"))
    assert (reply.status.code, reply.status.status, reply.code, reply.body) == (200, "OK", 418, b"\x00\xff")
    assert reply.headers["x-one"].values == [b"1"]
    assert not reply.truncated
    assert server.seen[0].raw_path == "/a?x=1&y=%41"


async def test_a_request_has_the_headers_of_gos_client_and_no_others(server: Any, guest: Any) -> None:
    await guest.get(server.url(), "")
    await guest.get(server.url(), "POST", body=b"data")
    first, second = (dict(request.headers) for request in server.seen)
    host = f"127.0.0.1:{server.port}"
    assert first == {"Host": host, "User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
    assert second == {**first, "Content-Length": "4"}
    assert [request.method for request in server.seen] == ["GET", "POST"]
    assert server.bodies == [b"", b"data"]


async def test_a_body_of_several_megabytes_is_sent(server: Any, guest: Any) -> None:
    await guest.get(server.url(), "PUT", body=b"x" * 3_000_000)
    assert server.bodies == [b"x" * 3_000_000]
    assert server.seen[0].headers["Content-Length"] == "3000000"


async def test_header_names_are_canonical_and_every_value_is_sent_in_order(server: Any, guest: Any) -> None:
    await guest.get(server.url(), headers={"x-many-values": ["a", "b"], "HOST": ["evil"], "user-agent": ["mine"]})
    request = server.seen[0]
    assert [(name, value) for name, value in request.headers.items() if name == "X-Many-Values"] == [
        ("X-Many-Values", "a"),
        ("X-Many-Values", "b"),
    ]
    assert request.headers.getall("Host") == [f"127.0.0.1:{server.port}"]
    assert request.headers.getall("User-Agent") == ["mine"]


async def test_every_value_of_an_answers_header_comes_back_under_its_lower_case_name(server: Any, guest: Any) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        response = web.Response()
        response.headers.add("X-Many", "a")
        response.headers.add("x-many", "b")
        return response

    server.handlers["/"] = answer
    reply = await guest.get(server.url())
    assert reply.headers["x-many"].values == [b"a", b"b"]
    _, told = await guest.json(url=server.url())
    assert told["headers"]["x-many"] == "a"


async def test_gzip_is_undone_unless_the_guest_asked_for_it(server: Any, guest: Any) -> None:
    packed = gzip.compress(b"hello " * 1000)
    server.on("/", body=packed, Content_Encoding="gzip")
    reply = await guest.get(server.url())
    assert reply.body == b"hello " * 1000
    assert not {"content-encoding", "content-length"} & set(reply.headers)
    own = await guest.get(server.url(), headers={"accept-encoding": ["gzip"]})
    assert (own.body, own.headers["content-encoding"].values) == (packed, [b"gzip"])


@pytest.mark.parametrize("asked", [{"method": "HEAD"}, {"headers": {"Range": ["bytes=0-1"]}}])
async def test_gzip_is_not_asked_for_where_go_does_not(server: Any, guest: Any, asked: dict[str, Any]) -> None:
    await guest.get(server.url(), **asked)
    assert "Accept-Encoding" not in server.seen[0].headers


async def test_members_of_gzip_follow_each_other(server: Any, guest: Any) -> None:
    server.on("/", body=gzip.compress(b"a") + gzip.compress(b"b"), Content_Encoding="gzip")
    assert (await guest.get(server.url())).body == b"ab"


@pytest.mark.parametrize(("body", "cause"), [(b"no gzip", "gzip: "), (gzip.compress(b"a")[:-3], "unexpected EOF")])
async def test_broken_gzip_is_an_error_of_reading(server: Any, guest: Any, body: bytes, cause: str) -> None:
    server.on("/", body=body, Content_Encoding="gzip")
    answer = await guest.call(server.url())
    assert answer.code == 500
    assert answer.error.startswith(f"Unexpected error reading HTTP response body - {cause}")


async def test_no_cookie_passes_from_one_call_to_the_next(server: Any, guest: Any) -> None:
    server.on("/", Set_Cookie="a=b")
    await guest.get(server.url(host="localhost"))
    await guest.get(server.url(host="localhost"))
    assert "Cookie" not in server.seen[1].headers


async def test_a_user_in_the_url_is_sent_as_authorization_unless_there_is_one(server: Any, guest: Any) -> None:
    url = server.url().replace("127", "me:s%40@127")
    await guest.get(url)
    await guest.get(url, headers={"authorization": ["mine"]})
    expected = "Basic " + base64.b64encode(b"me:s@").decode()
    assert [request.headers.getall("Authorization") for request in server.seen] == [[expected], ["mine"]]


async def test_connections_are_used_again(server: Any, guest: Any) -> None:
    for _ in range(5):
        await guest.get(server.url())
    assert len(server.connections) == 1


async def test_json_is_answered_in_json_byte_for_byte(server: Any, guest: Any) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=server.bodies[-1] + b"<", headers={"Date": "now", "Server": "x"})

    server.handlers["/"] = answer
    asked = {"method": "POST", "headers": {"x-a": "1"}, "url": server.url(), "body": "aGk=", "insecure": False}
    answer_ = await guest.capability.call("call", json.dumps(asked).encode())
    assert answer_.payload == (
        b'{"status":{"code":200,"status":"OK"},"code":200,"headers":{"content-length":"3",'
        b'"content-type":"application/octet-stream","date":"now","server":"x"},"body":"aGk8"}'
    )
    assert server.seen[0].headers["X-A"] == "1"


@pytest.mark.parametrize("payload", [b"\n{", b" {", b"{"])
async def test_json_behind_white_space_is_json(server: Any, guest: Any, payload: bytes) -> None:
    text = json.dumps({"url": server.url(), "body": "", "pad": "x" * 200})[1:]
    answer = await guest.capability.call("call", payload + text.encode())
    assert json.loads(answer.payload)["code"] == 200


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"{", "Error Parsing Input"),
        (b"no message", "Error Parsing Input"),
        (b'{"url": 1}', "Error Parsing Input"),
        (b'{"headers": {"a": 1}}', "Error Parsing Input"),
        (b'{"headers": ["a"]}', "Error Parsing Input"),
        (b'{"insecure": "true"}', "Error Parsing Input"),
        (b'{"url":"http://h/","body":"!"}', "Unable to decode data - illegal base64 data at input byte 0"),
        (b'{"url":"://x"}', 'Unable to create HTTP request - parse "://x": missing protocol scheme'),
    ],
)
async def test_json_that_is_no_request_is_answered_with_empty_members(guest: Any, payload: bytes, text: str) -> None:
    answer = await guest.capability.call("call", payload)
    assert (answer.code, answer.error) == (400, text)
    assert json.loads(answer.payload) == {
        "status": {"code": 400, "status": text},
        "code": 0,
        "headers": None,
        "body": "",
    }
    assert list(json.loads(answer.payload)) == ["status", "code", "headers", "body"]


async def test_the_longest_body_is_whole_and_a_longer_one_is_cut_and_says_so(server: Any, opened: Any) -> None:
    server.on("/10", body=b"0123456789")
    server.on("/11", body=b"0123456789a", X_A="1")
    server.on("/zip", body=gzip.compress(b"0" * 5_000_000), Content_Encoding="gzip")
    async with opened(max_response_bytes=10) as guest:
        assert not (await guest.get(server.url("/10"))).truncated
        for path, body in (("/11", b"0123456789"), ("/zip", b"0" * 10)):
            reply = await guest.get(server.url(path))
            assert (reply.status.code, reply.code, reply.body, reply.truncated) == (200, 200, body, True)
        assert "truncated" not in (await guest.json(url=server.url("/10")))[1]
        assert (await guest.json(url=server.url("/11")))[1]["truncated"] is True

"""What guests read when no answer comes, and that nothing stays behind then."""

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web

LATE = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
LATE_BODY = "context deadline exceeded (Client.Timeout or context cancellation while reading body)"


@pytest.mark.parametrize(
    ("url", "method", "code", "text"),
    [
        ("://x", "GET", 400, 'Unable to create HTTP request - parse "://x": missing protocol scheme'),
        ("http://h/", "A B", 400, 'Unable to create HTTP request - net/http: invalid method "A B"'),
        ("http://h/%zz", "GET", 400, 'Unable to create HTTP request - parse "http://h/%zz": invalid URL escape "%zz"'),
        (
            "http://h:x/",
            "GET",
            400,
            'Unable to create HTTP request - parse "http://h:x/": invalid port ":x" after host',
        ),
        ("", "GET", 500, 'Unable to execute HTTP request - Get "": unsupported protocol scheme ""'),
        ("ftp://h/", "PUT", 500, 'Unable to execute HTTP request - Put "ftp://h/": unsupported protocol scheme "ftp"'),
        ("http:///a", "GET", 500, 'Unable to execute HTTP request - Get "http:///a": http: no Host in request URL'),
    ],
)
async def test_what_is_no_request_is_refused_in_the_originals_words(
    guest: Any, url: str, method: str, code: int, text: str
) -> None:
    answer = await guest.call(url, method)
    assert (answer.code, answer.error, answer.cause) == (code, text, None)


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        ({"a b": ["x"]}, 'net/http: invalid header field name "a b"'),
        ({"x-a": ["1\r\nX-B: 2"]}, 'net/http: invalid header field value for "X-A"'),
    ],
)
async def test_no_header_can_be_smuggled_into_another(server: Any, guest: Any, headers: Any, cause: str) -> None:
    answer = await guest.call(server.url(), headers=headers)
    assert answer.error == f'Unable to execute HTTP request - Get "{server.url()}": {cause}'
    assert server.seen == []


async def test_line_breaks_and_spaces_in_a_url_do_not_reach_the_request_line(server: Any, guest: Any) -> None:
    assert (await guest.call(server.url("/a HTTP/1.1\r\nX: y"))).code == 400
    await guest.get(server.url("/a b?c d"))
    assert [request.raw_path for request in server.seen] == ["/a%20b?c%20d"]


async def test_a_closed_port_and_an_unknown_name_are_said(guest: Any) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    answer = await guest.call(f"http://127.0.0.1:{port}/")
    text = f'Unable to execute HTTP request - Get "http://127.0.0.1:{port}/": dial tcp 127.0.0.1:{port}: '
    assert answer.code == 500
    assert answer.error.startswith(text)
    answer = await guest.call("http://no-such-name.invalid/")
    assert answer.error.startswith(
        'Unable to execute HTTP request - Get "http://no-such-name.invalid/": dial tcp: lookup no-such-name.invalid: '
    )


async def test_a_password_in_a_url_is_not_repeated(guest: Any) -> None:
    for url in ("http://me:secret@127.0.0.1:1/", "ftp://me:secret@h/", "http://me:secret@[::1]:1/"):
        answer = await guest.call(url)
        assert not answer.is_ok
        assert "secret" not in answer.error


async def test_a_server_that_never_answers_costs_the_time_limit(opened: Any) -> None:
    closed = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        closed.set()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, opened(timeout_s=0.1) as guest:
        answer = await guest.call(url)
        assert (answer.code, answer.error) == (500, f'Unable to execute HTTP request - Get "{url}": {LATE}')
        await asyncio.wait_for(closed.wait(), 2)


async def test_the_functions_own_deadline_counts_if_it_is_earlier(server: Any, guest: Any) -> None:
    may_answer = asyncio.Event()

    async def slow(_: web.BaseRequest) -> web.Response:
        await may_answer.wait()
        return web.Response()

    server.handlers["/"] = slow
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    answer = await guest.call(server.url(), call={"deadline_s": begun_s + 0.1})
    assert answer.error.endswith(LATE)
    assert loop.time() - begun_s < 1
    may_answer.set()
    await asyncio.sleep(0.05)


class Endless:
    """A body that never ends; `is_closed` is set when the client has gone."""

    def __init__(self, pause_s: float = 0) -> None:
        self._pause_s = pause_s
        self.is_begun, self.is_closed = asyncio.Event(), asyncio.Event()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 10_000)
                self.is_begun.set()
                await asyncio.sleep(self._pause_s)
        finally:
            self.is_closed.set()


async def test_an_endless_body_is_cut_at_the_limit_and_its_connection_closed(server: Any, opened: Any) -> None:
    server.handlers["/"] = endless = Endless()
    async with opened(max_response_bytes=100_000) as guest:
        reply = await guest.get(server.url())
        assert (len(reply.body), reply.truncated) == (100_000, True)
        await asyncio.wait_for(endless.is_closed.wait(), 2)


async def test_a_slow_body_costs_the_time_limit(server: Any, opened: Any) -> None:
    server.handlers["/"] = endless = Endless(0.02)
    async with opened(timeout_s=0.2) as guest:
        answer = await guest.call(server.url())
        assert (answer.code, answer.error) == (500, f"Unexpected error reading HTTP response body - {LATE_BODY}")
        await asyncio.wait_for(endless.is_closed.wait(), 2)


async def test_cancelling_a_call_closes_its_connection(server: Any, guest: Any) -> None:
    server.handlers["/"] = endless = Endless(0.02)
    task = asyncio.create_task(guest.call(server.url()))
    await endless.is_begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(endless.is_closed.wait(), 2)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"", "EOF"),
        (b"SSH-2.0-x\r\n", "malformed HTTP response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "body - unexpected EOF"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "Invalid character in chunk size"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "malformed HTTP response"),
    ],
    ids=["nothing", "not http", "cut body", "wrong chunk", "long header"],
)
async def test_a_broken_answer_is_a_failed_call_and_nothing_else(guest: Any, sent: bytes, text: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        got = await guest.call(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert (got.code, got.cause) == (500, None)
    assert text in got.error


async def test_a_body_without_a_length_ends_with_the_connection(guest: Any) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nX-Latin: \xe9\r\n\r\nall of it")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        reply = await guest.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert (reply.body, reply.headers["x-latin"].values) == (b"all of it", [b"\xe9"])


async def test_more_headers_than_any_server_takes_are_refused(guest: Any) -> None:
    answer = await guest.call("http://127.0.0.1:1/", headers={"a": ["x"] * 10_001})
    assert (answer.code, answer.error) == (400, "Unable to create HTTP request - there are more than 10000 headers")

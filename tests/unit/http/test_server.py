import asyncio
import gzip
import http.client
import json
import logging
import socket

import pytest

from tarmac_core.http import FunctionRoute, HttpSettings, ListenError, Server, make_endpoints
from tarmac_core.http.probes import Probes
from tarmac_core.plugin import RequestFinished, Response
from tests.unit.http.bench import LOCAL, Functions, Serve, get, make_log, post


async def test_a_body_comes_back_over_a_real_socket_with_the_servers_headers(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    code, headers, body = await client.ask(post(b"Tarmac Example", "X-Request-Id: mine"))
    assert (code, body) == (200, b"Tarmac Example")
    assert headers["server"] == "tarmac"
    assert headers["x-request-id"] == "mine"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["date"].endswith(" GMT")
    assert "etag" not in headers


async def test_a_request_arrives_decoded_with_repeats_in_order(serve: Serve) -> None:
    running = await serve(routes=(FunctionRoute("/u/:name", ("GET",), "echo"),))
    client = await running.connect()
    extra = ("X-A: 1", "x-a: 2", "X-B: gr\u00fc\u00df")
    target = "/u/J%C3%BCrgen%2FX?a=1&b=%20&a=2&c"
    assert (await client.ask(get("/u/J%C3%BCrgen%20X?a=1&b=%20&a=2&c", *extra)))[0] == 200
    assert (await client.ask(get(target)))[0] == 404
    assert (await client.ask(get("/u/J\u00fcrgen?\u00fc=\u00fc")))[0] == 200
    request = running.functions.requests[1]
    assert (request.path, request.query) == ("/u/Jürgen", (("ü", "ü"),))
    request = running.functions.requests[0]
    assert request.path == "/u/Jürgen X"
    assert request.parameters == {"name": "Jürgen X"}
    assert request.query == (("a", "1"), ("b", " "), ("a", "2"), ("c", ""))
    assert request.headers["x-a"] == ("1", "2")
    assert request.headers["x-b"] == ("grüß",)
    assert set(request.headers) == {"host", "x-a", "x-b"}
    assert request.headers.get("X-None") is None
    assert request.remote_address == "{}:{}".format(*client.writer.get_extra_info("sockname"))
    assert request.tls_subject == ""


@pytest.mark.parametrize(
    "body",
    [
        b"--x\r\nContent-Disposition: form-data; name=broken\r\n\r\nno end",
        b"",
        b"\xff\x00--x--\r\n--x",
        b"--x\r\n" * 3000,
    ],
)
async def test_a_broken_multipart_body_reaches_the_guest_as_it_is(serve: Serve, body: bytes) -> None:
    client = await (await serve()).connect()
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data", "application/x-www-form-urlencoded"):
        code, _, echoed = await client.ask(post(body, f"Content-Type: {kind}"))
        assert (code, echoed) == (200, body)


async def test_a_compressed_body_reaches_the_guest_compressed(serve: Serve) -> None:
    body = gzip.compress(b"x" * 1000)
    client = await (await serve()).connect()
    assert (await client.ask(post(body, "Content-Encoding: gzip")))[2] == body


@pytest.mark.parametrize("size_bytes", [0, 1, 65535, 65536, 65537, 5_000_000])
async def test_a_body_of_any_size_is_byte_exact(serve: Serve, size_bytes: int) -> None:
    body = bytes(range(256)) * (size_bytes // 256) + b"x" * (size_bytes % 256)
    client = await (await serve()).connect()
    assert (await client.ask(post(body)))[2] == body


async def test_a_chunked_body_arrives_whole(serve: Serve) -> None:
    client = await (await serve()).connect()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await client.ask(head + b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"))[2] == b"abc0123456789"


async def test_requests_sent_at_once_are_answered_in_order(serve: Serve) -> None:
    client = await (await serve()).connect()
    await client.send(b"".join(post(f"body {number}".encode()) for number in range(50)))
    assert [(await client.answer())[2] for _ in range(50)] == [f"body {number}".encode() for number in range(50)]


async def test_a_connection_is_kept_for_the_next_request(serve: Serve) -> None:
    client = await (await serve()).connect()
    for _ in range(3):
        assert (await client.ask(get()))[0] == 200


async def test_http_1_0_and_connection_close_end_the_connection(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    assert (await client.ask(b"GET / HTTP/1.0\r\n\r\n"))[0] == 200
    assert await client.rest() == b""
    client = await running.connect()
    assert (await client.ask(get("/", "Connection: close")))[1]["connection"] == "close"
    assert await client.rest() == b""


async def test_head_has_the_length_but_no_body(serve: Serve) -> None:
    running = await serve(routes=(FunctionRoute("/", ("HEAD", "GET"), "echo"),))
    running.functions.answer = lambda _: Response(200, b"12345")
    client = await running.connect()
    await client.send(get(method="HEAD") + get())
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert b"Content-Length: 5\r\n" in head
    assert (await client.answer())[2] == b"12345"


async def test_a_status_without_a_body_has_no_length_and_the_next_answer_fits(serve: Serve) -> None:
    running = await serve()
    running.functions.answer = lambda _: Response(204)
    client = await running.connect()
    for _ in range(2):
        code, headers, _ = await client.ask(get())
        assert code == 204
        assert "content-length" not in headers


async def test_repeated_headers_of_a_guest_go_out_in_order(serve: Serve) -> None:
    running = await serve()
    running.functions.answer = lambda _: Response(201, b"", (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")))

    def ask() -> tuple[int, list[str] | None]:
        connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=5)
        connection.request("GET", "/")
        response = connection.getresponse()
        cookies = response.headers.get_all("Set-Cookie")
        connection.close()
        return response.status, cookies

    assert await asyncio.to_thread(ask) == (201, ["a=1", "b=2"])


async def test_a_proxys_absolute_target_names_the_same_path(serve: Serve) -> None:
    running = await serve(routes=(FunctionRoute("/a", ("GET",), "echo"),))
    client = await running.connect()
    assert (await client.ask(get("http://localhost/a?x=1")))[0] == 200
    assert running.functions.requests[0].query == (("x", "1"),)


async def test_two_functions_run_at_the_same_time_on_two_connections(serve: Serve) -> None:
    running = await serve()
    slow, quick = await running.connect(), await running.connect()
    await slow.send(post(b"slow", path="/slow"))
    await running.functions.started.wait()
    assert (await quick.ask(post(b"quick")))[2] == b"quick"
    running.functions.release.set()
    assert (await slow.answer())[2] == b"slow"


async def test_debug_lines_tell_each_request_and_none_are_made_above(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.ask(post(b"x"))
    assert running.log.lines == ["DEBUG HTTP Request received", "DEBUG HTTP Request complete"]
    quiet = await serve(level=logging.INFO)
    client = await quiet.connect()
    await client.ask(post(b"x"))
    assert quiet.log.lines == []


async def test_observers_hear_every_answer(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.ask(post(b"x", "X-Request-Id: r1"))
    (event,) = running.events
    assert isinstance(event, RequestFinished)
    assert (event.method, event.route, event.code, event.request_id) == ("POST", "/", 200, "r1")
    assert 0 < event.duration_ms < 5000


async def test_the_admin_listener_has_probes_and_the_public_one_has_not(serve: Serve) -> None:
    running = await serve(admin_listen=LOCAL)
    public, admin = await running.connect(), await running.connect(port=running.server.admin_port)
    assert (await public.ask(get("/health")))[0] == 404
    assert (await admin.ask(get("/health")))[0] == 200
    code, _, body = await admin.ask(get("/ready?verbose"))
    assert (code, json.loads(body)) == (200, {"ok": True, "problems": {}})
    assert (await admin.ask(get("/metrics")))[::2] == (200, b"")


def unopened(port: int, *, admin_port: int | None = None) -> Server:
    log = make_log()[0]
    settings = HttpSettings(
        listen=("127.0.0.1", port), admin_listen=None if admin_port is None else ("127.0.0.1", admin_port)
    )
    public, admin = make_endpoints(
        (), has_admin_listener=admin_port is not None, invoke_http=Functions().invoke, log=log, probes=Probes(log=log)
    )
    return Server(public, settings, log=log, admin=admin)


async def test_a_port_in_use_is_an_error_that_names_the_address_and_the_remedy(serve: Serve) -> None:
    port = (await serve()).server.port
    async with unopened(port) as server:
        with pytest.raises(
            ListenError, match=rf"cannot listen on 127\.0\.0\.1:{port}: address already in use \(another"
        ):
            server.listen()


async def test_when_one_listener_cannot_be_opened_none_is(serve: Serve) -> None:
    taken = (await serve()).server.port
    with socket.socket() as probe:
        probe.bind(LOCAL)
        free = probe.getsockname()[1]
    async with unopened(free, admin_port=taken) as server:
        with pytest.raises(ListenError, match=f":{taken}"):
            server.listen()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", free)


@pytest.mark.parametrize(
    ("host", "words"), [("no-such-host.invalid", "host is unknown"), ("203.0.113.7", "no interface")]
)
async def test_an_address_that_is_not_here_is_told_in_words(host: str, words: str) -> None:
    log = make_log()[0]
    endpoint, _ = make_endpoints(
        (), has_admin_listener=False, invoke_http=Functions().invoke, log=log, probes=Probes(log=log)
    )
    async with Server(endpoint, HttpSettings(listen=(host, 0)), log=log) as server:
        with pytest.raises(ListenError, match=words):
            server.listen()


async def test_an_empty_host_listens_on_every_interface_with_one_port() -> None:
    log = make_log()[0]
    endpoint, _ = make_endpoints(
        (), has_admin_listener=False, invoke_http=Functions().invoke, log=log, probes=Probes(log=log)
    )
    async with Server(endpoint, HttpSettings(listen=("", 0)), log=log) as server:
        server.listen()
        hosts = ["127.0.0.1", "::1"] if socket.has_ipv6 and _has_ipv6_loopback() else ["127.0.0.1"]
        for host in hosts:
            _, writer = await asyncio.open_connection(host, server.port)
            writer.close()
            await writer.wait_closed()


def _has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_two_servers_live_in_one_process(serve: Serve) -> None:
    one, two = await serve(), await serve()
    first, second = await one.connect(), await two.connect()
    assert (await first.ask(post(b"1")))[2] == b"1"
    assert (await second.ask(post(b"2")))[2] == b"2"
    assert len(one.functions.requests) == len(two.functions.requests) == 1

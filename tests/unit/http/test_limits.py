import asyncio

import pytest

from tests.unit.http.bench import Client, Serve, get, post

CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def refused(client: Client, data: bytes) -> tuple[int, dict[str, str]]:
    """Send as a client does that reads its answer last, and find that the connection ended in order."""
    try:
        await client.send(data)
    except ConnectionError:
        pytest.fail("the server reset the connection")
    code, headers, _ = await client.answer()
    client.writer.write_eof()
    assert await client.rest() == b""
    assert headers["server"] == "tarmac"
    assert headers["connection"] == "close"
    assert len(headers["x-request-id"]) > 0
    return code, headers


@pytest.mark.parametrize("size_bytes", [1100, 70_000, 1_000_000])
async def test_headers_over_the_limit_are_answered_431(serve: Serve, size_bytes: int) -> None:
    running = await serve(max_header_bytes=1000)
    assert (await refused(await running.connect(), get("/", "X-Long: " + "a" * size_bytes)))[0] == 431


@pytest.mark.parametrize("size_bytes", [1100, 70_000, 1_000_000])
async def test_a_request_line_over_the_limit_is_answered_414(serve: Serve, size_bytes: int) -> None:
    running = await serve(max_header_bytes=1000)
    assert (await refused(await running.connect(), get("/" + "a" * size_bytes)))[0] == 414


async def test_headers_without_an_end_are_answered_431_before_they_fill_memory(serve: Serve) -> None:
    client = await (await serve(max_header_bytes=1000)).connect()
    await client.send(b"GET / HTTP/1.1\r\n")
    for _ in range(30):
        await client.send(b"X-More: 0123456789012345678901234567890123456789\r\n")
    assert (await client.answer())[0] == 431


async def test_headers_just_under_the_limit_pass(serve: Serve) -> None:
    client = await (await serve(max_header_bytes=1000)).connect()
    head = get("/", "X-Long: ")
    assert (await client.ask(get("/", "X-Long: " + "a" * (1000 - len(head)))))[0] == 200


async def test_the_next_request_on_a_connection_is_limited_too(serve: Serve) -> None:
    client = await (await serve(max_header_bytes=1000)).connect()
    assert (await client.ask(get()))[0] == 200
    assert (await refused(client, get("/" + "a" * 5000)))[0] == 414


async def test_a_body_over_the_limit_is_413_on_the_headers_before_any_100_continue(serve: Serve) -> None:
    running = await serve(max_request_bytes=10)
    client = await running.connect()
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
    code, headers, _ = await client.answer()
    assert (code, headers["connection"]) == (413, "close")
    assert await asyncio.wait_for(client.rest(), 1) == b""
    assert running.functions.requests == []


async def test_a_body_within_the_limit_is_invited_with_100_continue(serve: Serve) -> None:
    client = await (await serve(max_request_bytes=10)).connect()
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert (await client.answer())[0] == 100
    assert (await client.ask(b"ok"))[2] == b"ok"


async def test_a_client_of_http_1_0_is_sent_no_100(serve: Serve) -> None:
    client = await (await serve()).connect()
    code, _, body = await client.ask(b"POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok")
    assert (code, body) == (200, b"ok")


async def test_a_client_that_sends_its_large_body_all_the_same_still_reads_the_413(serve: Serve) -> None:
    running = await serve(max_request_bytes=10)
    assert (await refused(await running.connect(), post(b"x" * 3_000_000)))[0] == 413


async def test_a_chunked_body_over_the_limit_is_413_while_it_comes(serve: Serve) -> None:
    running = await serve(max_request_bytes=10)
    client = await running.connect()
    await client.send(CHUNKED + b"6\r\nabcdef\r\n")
    code, _ = await refused(client, b"6\r\nabcdef\r\n" * 5)
    assert code == 413
    assert running.functions.requests == []


async def test_garbage_behind_a_refused_body_brings_no_second_answer(serve: Serve) -> None:
    running = await serve(max_request_bytes=10)
    client = await running.connect()
    await client.send(CHUNKED + b"10000\r\n" + b"x" * 0x10000 + b"\r\nzz\r\n" + get())
    assert (await client.answer())[0] == 413
    client.writer.write_eof()
    assert await client.rest() == b""
    assert [getattr(event, "code", 0) for event in running.events] == [413]


async def test_a_chunked_body_of_exactly_the_limit_passes(serve: Serve) -> None:
    client = await (await serve(max_request_bytes=10)).connect()
    assert (await client.ask(CHUNKED + b"a\r\n0123456789\r\n0\r\n\r\n"))[2] == b"0123456789"


@pytest.mark.parametrize("length", ["-1", "+5", "5, 6", "", "0x5", "5 5", "١", "1" * 5000])
async def test_an_odd_content_length_is_refused(serve: Serve, length: str) -> None:
    running = await serve()
    data = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nabcde".encode()
    assert (await refused(await running.connect(), data))[0] in (400, 413)
    assert running.functions.requests == []


@pytest.mark.parametrize(
    "data",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/3.0\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n X-A: folded\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET relative HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3\r\nabcXX0\r\n\r\n",
        CHUNKED + b"3" * 100 + b"\r\n",
    ],
)
async def test_a_malformed_request_is_answered_400_and_never_reaches_a_function(serve: Serve, data: bytes) -> None:
    running = await serve()
    assert (await refused(await running.connect(), data))[0] == 400
    assert running.functions.requests == []
    assert [getattr(event, "code", 0) for event in running.events] == [400]


async def test_a_tls_hello_on_a_plain_port_is_not_taken_for_a_request(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    assert (await client.answer())[0] == 400
    assert running.functions.requests == []


async def keep_sending(client: Client) -> None:
    for _ in range(20):
        await client.send(b"more")
        await asyncio.sleep(0.01)


async def test_refused_clients_that_never_close_are_let_go(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tarmac_core.http.streams._LINGER_S", 0.05)
    running = await serve(max_request_bytes=10)
    client = await running.connect()
    await client.send(post(b"x" * 11))
    await client.answer()
    await asyncio.sleep(0.15)
    with pytest.raises(ConnectionError):
        await keep_sending(client)

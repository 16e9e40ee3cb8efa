import asyncio
import time

import pytest

from tarmac_core.plugin import Response
from tests.unit.http.bench import Bench, Client, Serve, get, post


async def seconds_until_closed(client: Client) -> float:
    started_s = time.monotonic()
    await client.rest()
    return time.monotonic() - started_s


async def drip(client: Client, data: bytes, interval_s: float) -> None:
    for byte in data:
        client.writer.write(bytes([byte]))
        await asyncio.sleep(interval_s)


async def test_a_client_that_says_nothing_is_closed_after_the_header_timeout(serve: Serve) -> None:
    client = await (await serve(http_header_timeout_s=0.2, http_idle_timeout_s=30.0)).connect()
    assert 0.1 < await seconds_until_closed(client) < 1


async def test_headers_that_trickle_are_answered_408(serve: Serve) -> None:
    running = await serve(http_header_timeout_s=0.2, http_idle_timeout_s=30.0)
    client = await running.connect()
    dripping = asyncio.create_task(drip(client, get("/", "X-A: " + "a" * 1000), 0.01))
    code, headers, _ = await client.answer()
    dripping.cancel()
    assert (code, headers["connection"]) == (408, "close")
    assert running.functions.requests == []


async def test_headers_that_trickle_on_a_used_connection_have_the_header_timeout_too(serve: Serve) -> None:
    client = await (await serve(http_header_timeout_s=0.2, http_idle_timeout_s=30.0)).connect()
    await client.ask(get())
    await asyncio.sleep(0.3)
    dripping = asyncio.create_task(drip(client, get("/", "X-A: " + "a" * 1000), 0.01))
    assert (await client.answer())[0] == 408
    dripping.cancel()


async def test_an_idle_connection_is_closed_after_the_idle_timeout_without_a_word(serve: Serve) -> None:
    client = await (await serve(http_idle_timeout_s=0.3, http_header_timeout_s=0.1)).connect()
    await client.ask(get())
    started_s = time.monotonic()
    assert await client.rest() == b""
    assert 0.2 < time.monotonic() - started_s < 1.5


async def test_a_body_that_trickles_is_answered_408(serve: Serve) -> None:
    running = await serve(http_body_timeout_s=0.2)
    client = await running.connect()
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    dripping = asyncio.create_task(drip(client, b"a" * 1000, 0.01))
    assert (await client.answer())[0] == 408
    dripping.cancel()
    assert running.functions.requests == []


async def test_a_large_body_that_keeps_moving_may_take_longer_than_the_timeout(serve: Serve) -> None:
    client = await (await serve(http_body_timeout_s=0.4, progress_bytes=1000)).connect()
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n")
    for _ in range(10):
        await asyncio.sleep(0.1)
        await client.send(b"x" * 1000)
    assert (await client.answer())[0] == 200


async def slow_reader(running: Bench) -> Client:
    running.functions.answer = lambda _: Response(200, b"x" * 30_000_000)
    client = await running.connect(limit_bytes=1024)
    await client.send(get())
    return client


async def test_a_reader_that_takes_nothing_is_cut(serve: Serve) -> None:
    running = await serve(http_write_timeout_s=0.3)
    client = await slow_reader(running)
    await asyncio.sleep(1)
    assert len(running.server._connections) == 0
    assert len(await client.rest()) < 30_000_000


async def test_a_reader_that_keeps_taking_gets_everything(serve: Serve) -> None:
    running = await serve(http_write_timeout_s=0.4)
    client = await slow_reader(running)
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert b"200 OK" in head
    count_bytes = 0
    while count_bytes < 30_000_000:
        count_bytes += len(await client.reader.readexactly(1_000_000))
        await asyncio.sleep(0.05)
    assert count_bytes == 30_000_000


async def test_a_function_may_run_longer_than_every_timeout_of_the_connection(serve: Serve) -> None:
    limits = dict.fromkeys(
        ("http_header_timeout_s", "http_idle_timeout_s", "http_body_timeout_s", "http_write_timeout_s"), 0.1
    )
    running = await serve(**limits)
    client = await running.connect()
    await client.send(post(b"x", path="/slow"))
    await asyncio.sleep(0.5)
    running.functions.release.set()
    assert (await client.answer())[0] == 200


async def test_a_client_that_leaves_ends_its_function(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.send(post(b"x", path="/slow"))
    await running.functions.started.wait()
    await client.close()
    await asyncio.wait_for(running.functions.cancelled.wait(), 2)
    await asyncio.sleep(0)
    assert [getattr(event, "code", 0) for event in running.events] == [499]


async def test_a_client_that_resets_ends_its_function(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.send(post(b"x", path="/slow"))
    await running.functions.started.wait()
    client.writer.transport.abort()
    await asyncio.wait_for(running.functions.cancelled.wait(), 2)


async def test_a_half_closed_client_counts_as_gone(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.send(post(b"x", path="/slow"))
    await running.functions.started.wait()
    client.writer.write_eof()
    await asyncio.wait_for(running.functions.cancelled.wait(), 2)
    assert await client.rest() == b""


@pytest.mark.parametrize("sent", [b"POST / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"])
async def test_a_client_that_leaves_before_its_request_is_whole_reaches_no_function(serve: Serve, sent: bytes) -> None:
    running = await serve()
    client = await running.connect()
    await client.send(sent)
    await asyncio.sleep(0.05)
    await client.close()
    await asyncio.sleep(0.05)
    assert running.functions.requests == []
    assert len(running.server._connections) == 0


async def test_many_slow_clients_do_not_slow_a_quick_one(serve: Serve) -> None:
    running = await serve(http_header_timeout_s=5.0)
    for _ in range(200):
        await (await running.connect()).send(b"GET / HT")
    client = await running.connect()
    started_s = time.monotonic()
    for _ in range(50):
        assert (await client.ask(get()))[0] == 200
    assert time.monotonic() - started_s < 1

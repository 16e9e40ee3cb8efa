import asyncio
import socket
import time

import pytest

from tests.unit.http.bench import Serve, get, post


async def test_draining_waits_for_what_runs_and_ends_its_connection(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.send(post(b"x", path="/slow"))
    await running.functions.started.wait()
    draining = asyncio.create_task(running.server.drain(5))
    await asyncio.sleep(0.05)
    assert not draining.done()
    running.functions.release.set()
    code, headers, body = await client.answer()
    assert (code, body, headers["connection"]) == (200, b"x", "close")
    assert await asyncio.wait_for(client.rest(), 1) == b""
    assert await draining == 0


async def test_draining_refuses_new_connections(serve: Serve) -> None:
    running = await serve()
    port = running.server.port
    await running.server.drain(0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_draining_closes_idle_connections_at_once(serve: Serve) -> None:
    running = await serve()
    used, fresh = await running.connect(), await running.connect()
    await used.ask(get())
    started_s = time.monotonic()
    assert await running.server.drain(5) == 0
    assert time.monotonic() - started_s < 0.5
    assert await used.rest() == b""
    assert await fresh.rest() == b""


async def test_what_is_not_done_in_time_is_cut_and_counted(serve: Serve) -> None:
    running = await serve()
    for _ in range(3):
        await (await running.connect()).send(post(b"x", path="/slow"))
    idle = await running.connect()
    await idle.ask(get())
    started_s = time.monotonic()
    assert await running.server.drain(0.2) == 3
    assert 0.15 < time.monotonic() - started_s < 1
    assert running.functions.cancelled.is_set()
    assert "WARNING Time to stop is over" in running.log.lines


async def test_a_request_that_was_sent_before_draining_is_answered(serve: Serve) -> None:
    running = await serve()
    used, fresh = await running.connect(), await running.connect()
    await used.ask(get())
    used.writer.write(post(b"one"))
    fresh.writer.write(post(b"two"))
    assert await running.server.drain(5) == 0
    assert (await used.answer())[2] == b"one"
    assert (await fresh.answer())[2] == b"two"


async def test_a_connection_that_the_kernel_has_accepted_already_is_served(serve: Serve) -> None:
    running = await serve()
    # No await before draining: the server has not seen this client.
    with socket.create_connection(("127.0.0.1", running.server.port)) as early:
        early.send(post(b"early"))
        assert await running.server.drain(5) == 0
        assert early.recv(1000).endswith(b"early")


async def test_idle_connections_do_not_count_as_cut(serve: Serve) -> None:
    running = await serve()
    for _ in range(3):
        await (await running.connect()).ask(get())
    assert await running.server.drain(0) == 0


async def test_an_idle_connection_with_unread_input_is_not_closed_and_one_without_is(serve: Serve) -> None:
    running = await serve()
    clients = [await running.connect() for _ in range(2)]
    for client in clients:
        await client.ask(get())
    # Sent past the event loop, so that the server cannot have read it yet.
    clients[0].writer.get_extra_info("socket")._sock.send(post(b"late"))
    for connection in tuple(running.server._connections):
        connection.close_if_idle()
    assert (await clients[0].answer())[2] == b"late"
    assert await asyncio.wait_for(clients[1].rest(), 1) == b""


async def test_a_request_half_of_which_has_come_is_waited_for(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    whole = post(b"body")
    await client.send(whole[:-2])
    await asyncio.sleep(0.05)
    draining = asyncio.create_task(running.server.drain(5))
    await asyncio.sleep(0.05)
    await client.send(whole[-2:])
    assert (await client.answer())[2] == b"body"
    assert await draining == 0


async def test_leaving_the_server_without_draining_cuts_everything(serve: Serve) -> None:
    running = await serve()
    client = await running.connect()
    await client.send(post(b"x", path="/slow"))
    await running.functions.started.wait()
    await running.server.drain(0)
    assert running.functions.cancelled.is_set()
    assert await client.rest() == b""

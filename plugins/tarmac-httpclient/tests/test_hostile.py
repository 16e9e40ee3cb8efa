"""Guests and servers that mean harm to other functions or to the host."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tarmac_httpclient.httpclient_pb2 import HTTPClient, HTTPClientResponse


@asynccontextmanager
async def raw_server(answers: dict[bytes, bytes]) -> AsyncIterator[tuple[str, list[list[bytes]]]]:
    """Yield its address, and the request lines of each connection; `answers` are by method and path, bytes as they are."""
    connections: list[list[bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines: list[bytes] = []
        connections.append(lines)
        while line := (await reader.readline()).strip():
            lines.append(line)
            await reader.readuntil(b"\r\n\r\n")
            method, path, _ = line.split()
            writer.write(answers.get(method, answers.get(path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", connections
    finally:
        server.close()
        await server.wait_closed()


async def test_a_connection_that_became_a_tunnel_never_serves_the_next_call(guest: Any) -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
    async with raw_server({b"/up": upgrade}) as (url, connections):
        for method in ("CONNECT", "connect"):
            answer = await guest.call(url, method)
            assert answer.error == "Unable to create HTTP request - CONNECT makes a tunnel, which no call could use"
        await guest.get(f"{url}/up", headers={"Connection": ["Upgrade"], "Upgrade": ["x"]})
        await guest.get(f"{url}/last")
        assert connections == [[b"GET /up HTTP/1.1"], [b"GET /last HTTP/1.1"]]


async def test_a_second_answer_that_nobody_asked_for_is_no_later_calls_answer(guest: Any) -> None:
    two = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"
    async with raw_server({b"/two": two}) as (url, _):
        assert (await guest.get(f"{url}/two")).body == b"a"
        assert (await guest.get(f"{url}/next")).body == b"ok"


@pytest.mark.parametrize("message", [HTTPClient(url=b"http://\xff/"), HTTPClient(url=b"http://a", method=b"G\xffT")])
async def test_what_is_no_unicode_is_told_with_replaced_signs(guest: Any, message: HTTPClient) -> None:
    answer = await guest.capability.call("call", message.SerializeToString())
    assert HTTPClientResponse.FromString(answer.payload).status.code == 400
    assert "\ufffd" in HTTPClientResponse.FromString(answer.payload).status.status


async def test_a_location_that_is_no_unicode_is_an_error_of_the_call(guest: Any) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://[\xff/\r\nContent-Length: 0\r\n\r\n"
    async with raw_server({b"/moved": moved}) as (url, _):
        answer = await guest.call(f"{url}/moved")
    assert HTTPClientResponse.FromString(answer.payload).status.code == 500

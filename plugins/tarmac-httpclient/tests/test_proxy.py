"""Calls through a proxy."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest


class Proxy:
    """A real proxy on the loopback interface for GET and CONNECT; `heads` are the requests it got."""

    def __init__(self, forward_to: int) -> None:
        self.heads: list[bytes] = []
        self._forward_to = forward_to

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._forward_to)
        if head.startswith(b"CONNECT"):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            up_writer.write(head)
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxied(tls_server: Any, server: Any) -> AsyncIterator[Any]:
    made = []

    async def start(forward_to: int) -> tuple[Proxy, str]:
        proxy = Proxy(forward_to)
        listener = await asyncio.start_server(proxy, "127.0.0.1", 0)
        made.append(listener)
        return proxy, f"http://me:secret@127.0.0.1:{listener.sockets[0].getsockname()[1]}"

    yield start
    for listener in made:
        listener.close()
        await listener.wait_closed()
    await asyncio.sleep(0.05)


async def test_http_goes_through_the_proxy_with_its_password(
    server: Any, proxied: Any, opened: Any, names: Any
) -> None:
    proxy, url = await proxied(server.port)
    async with opened(names(["127.0.0.1"]), proxy=url) as guest:
        assert (await guest.get("http://site.test/a")).body == b"hello"
    assert proxy.heads[0].startswith(b"GET http://site.test/a HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:secret") in proxy.heads[0]


async def test_https_goes_through_a_tunnel_and_is_verified(
    tls_server: Any, proxied: Any, opened: Any, names: Any, ca_file: str
) -> None:
    proxy, url = await proxied(tls_server.port)
    async with opened(names(["127.0.0.1"]), proxy=url, ca_file=ca_file) as guest:
        assert (await guest.get("https://localhost/")).body == b"hello"
        assert "tls: " in (await guest.call("https://other.test/")).error
    assert proxy.heads[0].startswith(b"CONNECT localhost:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization" not in tls_server.seen[0].headers


async def test_hosts_of_no_proxy_are_reached_directly(server: Any, proxied: Any, opened: Any) -> None:
    proxy, url = await proxied(server.port)
    async with opened(proxy=url, no_proxy="127.0.0.1, *.internal") as guest:
        assert (await guest.get(server.url())).body == b"hello"
    assert proxy.heads == []


async def test_addresses_behind_the_proxy_are_checked_too(server: Any, proxied: Any, opened: Any, names: Any) -> None:
    proxy, url = await proxied(server.port)
    grant = {"hosts": ["*"]}
    async with opened(names(["1.1.1.1", "10.0.0.1"]), proxy=url) as guest:
        assert (await guest.granted("http://mixed.test/", grant)).code == 403
        assert (await guest.granted("http://127.0.0.1/", grant)).code == 403
        assert (await guest.call("http://169.254.169.254/")).code == 403
    assert proxy.heads == []
    async with opened(names(["1.1.1.1"]), proxy=url) as guest:
        assert (await guest.granted("http://public.test/", grant)).is_ok


async def test_a_name_that_only_the_proxy_knows_needs_a_function_that_may_reach_private_addresses(
    server: Any, proxied: Any, opened: Any
) -> None:
    async def unknown(host: str) -> list[str]:
        raise OSError(f"no {host}")

    _, url = await proxied(server.port)
    async with opened(unknown, proxy=url) as guest:
        assert (await guest.get("http://site.test/")).body == b"hello"
        answer = await guest.granted("http://site.test/", {"hosts": ["site.test"]})
        assert answer.code == 403
        assert answer.error.startswith("not allowed: site.test cannot be looked up here")
        assert (await guest.granted("http://site.test/", {"hosts": ["site.test"], "private": True})).is_ok


async def test_a_proxy_that_is_away_is_said_without_its_password(opened: Any, names: Any) -> None:
    async with opened(names(["127.0.0.1"]), proxy="http://me:secret@127.0.0.1:1") as guest:
        for url in ("http://site.test/", "https://site.test/"):
            answer = await guest.call(url)
            assert answer.error.startswith(f'Unable to execute HTTP request - Get "{url}": proxyconnect tcp: ')
            assert "secret" not in answer.error

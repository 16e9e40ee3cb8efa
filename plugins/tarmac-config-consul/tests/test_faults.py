"""Consul that is away, dies, comes back, hangs, is slow, or is something else."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tarmac_core.registry import StepError
from tests.services.consul import ConsulServer
from tests.services.process import free_port

KEY = "tarmac/config"
OpenConsul = Callable[..., AbstractAsyncContextManager[Any]]


async def fault_of(opening: AbstractAsyncContextManager[Any]) -> str:
    with pytest.raises(StepError) as info:
        async with opening:
            raise AssertionError("it opens")
    assert info.value.what.startswith("open failed: consul_addr ")
    return info.value.what


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that says the same to everybody; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def delayed(server: ConsulServer, delay_s: float) -> AsyncIterator[str]:
    """A way to a server on which every packet takes its time; its address."""
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await asyncio.sleep(delay_s)
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", server.port)
        tasks.update(asyncio.create_task(carry(*pair)) for pair in ((reader, back), (there, writer)))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as proxy:
        yield f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        await asyncio.gather(*tasks)


async def test_a_server_that_is_killed_and_comes_back_is_followed_again(
    server: ConsulServer, open_with: OpenConsul
) -> None:
    server.put(KEY, {"debug": True})
    async with open_with(addr=server.address, watch_interval=2) as consul, consul.followed() as news:
        await asyncio.sleep(0.5)
        server.kill()
        told = await consul.until_told("The last settings stay: ")
        assert f"consul_addr {server.address}, key {KEY}: " in told
        await consul.until_told("nothing listens there")
        assert await consul.read() == {"debug": True}
        await asyncio.to_thread(server.start)
        assert server.read(KEY) == b'{"debug": true}', "the server kept its keys"
        await consul.until_told("Settings are followed again: ")
        server.put(KEY, {"debug": False})
        assert await asyncio.wait_for(news.get(), 10) == {"debug": False}
        assert len(consul.messages(logging.WARNING)) <= 4, "not one line a try"


async def test_a_server_that_lost_its_data_is_followed_from_its_new_index(
    server: ConsulServer, open_with: OpenConsul
) -> None:
    for number in range(30):
        server.put(KEY, {"number": number})
    async with open_with(addr=server.address, watch_interval=600) as consul, consul.followed() as news:
        await asyncio.sleep(0.5)
        server.kill()
        with ConsulServer(port=server.port) as other:
            other.put(KEY, {"number": -1})
            assert await asyncio.wait_for(news.get(), 20) == {"number": -1}
            other.put(KEY, {"number": -2})
            assert await asyncio.wait_for(news.get(), 20) == {"number": -2}


class Forgetful(asyncio.Protocol):
    """Answers with one index after the other, each its own value, and then no more; `asked` are the indexes it was told."""

    asked: list[str] = []  # noqa: RUF012 - of all connections
    indexes = iter((500, 7, 8))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.asked.append(data.split()[1].decode().partition("index=")[2].partition("&")[0])
        if index := next(self.indexes, 0):
            body = f'{{"index": {index}}}'
            head = f"HTTP/1.1 200 OK\r\nX-Consul-Index: {index}\r\nContent-Length: {len(body)}\r\n\r\n"
            self.transport.write((head + body).encode())


async def test_an_index_that_goes_back_is_not_waited_behind(open_with: OpenConsul) -> None:
    async with await asyncio.get_running_loop().create_server(Forgetful, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with open_with(addr=address, watch_interval=1) as consul, consul.followed() as news:
            assert await asyncio.wait_for(news.get(), 5) == {"index": 7}
            assert await asyncio.wait_for(news.get(), 5) == {"index": 8}
            await asyncio.sleep(0.7)
    assert Forgetful.asked == ["", "500", "", "8"]


async def test_a_server_that_hangs_ends_the_start_within_the_limit(server: ConsulServer, open_with: OpenConsul) -> None:
    server.pause()
    began_s = time.monotonic()
    try:
        told = await fault_of(open_with(addr=server.address, timeout=0.5))
    finally:
        server.resume()
    assert time.monotonic() - began_s < 8
    assert "no answer within 0.5 s (consul_timeout)" in told


async def test_a_server_that_hangs_while_it_is_watched_is_noticed_and_followed_again(
    server: ConsulServer, open_with: OpenConsul
) -> None:
    server.put(KEY, {"debug": True})
    async with (
        open_with(addr=server.address, watch_interval=1, timeout=2) as consul,
        consul.followed() as news,
    ):
        await asyncio.sleep(0.3)
        server.pause()
        try:
            await consul.until_told("no answer within ")
            assert await consul.read() == {"debug": True}
        finally:
            server.resume()
        await consul.until_told("Settings are followed again: ")
        server.put(KEY, {"debug": False})
        assert await asyncio.wait_for(news.get(), 10) == {"debug": False}


async def test_a_hung_server_does_not_hold_up_the_end(server: ConsulServer, open_with: OpenConsul) -> None:
    server.put(KEY, {"debug": True})
    async with open_with(addr=server.address, timeout=30) as consul, consul.followed():
        await asyncio.sleep(0.3)
        server.pause()
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 8
    server.resume()


async def test_a_slow_server_is_waited_for_as_long_as_the_limit_says(
    shared_server: ConsulServer, key: str, open_with: OpenConsul
) -> None:
    shared_server.put(key, {"debug": True})
    async with delayed(shared_server, 0.3) as address:
        async with open_with(addr=address, keys_prefix=key, timeout=10) as consul, consul.followed() as news:
            assert await consul.read() == {"debug": True}
            shared_server.put(key, {"debug": False})
            assert await asyncio.wait_for(news.get(), 5) == {"debug": False}
        told = await fault_of(open_with(addr=address, keys_prefix=f"{key}/other", timeout=0.3))
        assert f"consul_addr {address}, key {key}/other: no answer within 0.3 s" in told


async def test_nothing_that_listens_and_unknown_hosts_are_told(open_with: OpenConsul) -> None:
    told = await fault_of(open_with(addr=f"127.0.0.1:{free_port()}"))
    assert "nothing listens there: " in told
    assert "no earlier value is cached in " in told
    told = await fault_of(open_with(addr="unix:///nowhere/consul.sock"))
    assert "consul_addr unix:///nowhere/consul.sock" in told
    assert "nothing listens there: " in told
    told = await fault_of(open_with(addr="nowhere.invalid:8500"))
    assert "the host name cannot be looked up" in told
    assert "nowhere.invalid:8500" in told


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "not Consul's: it has no X-Consul-Index (consul_addr)"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "not Consul's: it has no X-Consul-Index"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "the server answers 302"),
        (b"+OK Redis is here\r\n\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 17\r\n\r\nNo cluster leader", "cannot answer: 500 No cluster leader"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 11\r\n\r\nhush-secret", "may not be read: hush-*** (consul_token"),
        (b"HTTP/1.1 200 OK\r\nX-Consul-Index: 3\r\nContent-Length: 20\r\n\r\n{", "the connection was cut"),
        (b"HTTP/1.1 200 OK\r\nX-Consul-Index: 3\r\n\r\n" + bytes(1 << 21), "is larger than 1048576 bytes"),
        (b"HTTP/1.1 200 OK\r\nX-Consul-Index: " + b"9" * 5000 + b"\r\nContent-Length: 2\r\n\r\n{}", "not Consul's"),
        (b"", "the connection was cut"),
    ],
    ids=["no consul", "nothing", "redirect", "no http", "no leader", "secret", "half", "large", "index", "cut"],
)
async def test_what_is_no_answer_of_consul_is_told(open_with: OpenConsul, answer: bytes, words: str) -> None:
    async with answering(answer) as address:
        told = await fault_of(open_with(addr=address, token="secret"))
    assert words in told
    assert f"consul_addr {address}, key {KEY}: " in told
    assert "secret" not in told


async def test_a_start_while_consul_is_away_uses_the_value_of_the_last_one(
    server: ConsulServer, open_with: OpenConsul, tmp_path: Path
) -> None:
    server.put(KEY, {"debug": True})
    async with open_with(addr=server.address) as consul, consul.followed() as news:
        server.put(KEY, {"debug": True, "trace": True})
        await asyncio.wait_for(news.get(), 5)
        await asyncio.sleep(0.2)
    server.kill()
    async with open_with(addr=server.address) as consul, consul.followed() as news:
        assert await consul.read() == {"debug": True, "trace": True}
        warnings = consul.messages(logging.WARNING)
        assert len(warnings) == 1
        assert "are used, for Consul is away: " in warnings[0]
        assert f"consul_addr {server.address}, key {KEY}: nothing listens there" in warnings[0]
        await asyncio.to_thread(server.start)
        await consul.until_told("Settings are followed again: ")
        server.put(KEY, {"debug": False})
        assert await asyncio.wait_for(news.get(), 10) == {"debug": False}
        server.kill()
    told = await fault_of(open_with(addr=server.address, keys_prefix="tarmac/other"))
    assert "no earlier value is cached in " in told
    told = await fault_of(open_with(addr=server.address.replace("127.0.0.1", "localhost")))
    assert "no earlier value is cached in " in told
    assert len(list((tmp_path / "data").iterdir())) == 1


async def test_a_cache_is_never_used_against_what_consul_itself_says(
    guarded_server: ConsulServer, open_with: OpenConsul
) -> None:
    token = guarded_server.token_for(KEY)
    async with open_with(addr=guarded_server.address, token=token):
        guarded_server.take_away(token)
    assert "may not be read" in await fault_of(open_with(addr=guarded_server.address, token=token))

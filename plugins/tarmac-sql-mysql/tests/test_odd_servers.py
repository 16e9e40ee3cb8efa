"""Servers that ask for what they must not have, or are none: fakes, since no real one does it."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.services.mariadb import PASSWORD

Refused = Callable[..., Awaitable[str]]


def packet(number: int, data: bytes) -> bytes:
    """As the protocol frames it."""
    return struct.pack("<I", len(data) | number << 24) + data


def hello(way: bytes) -> bytes:
    """How a server without TLS greets that lets clients in this way."""
    words = struct.pack("<HBHHB", 0xFFFF & ~2048, 45, 2, 0x0009, 21)
    return packet(0, b"\x0a8.0.0\0\x01\0\0\x0012345678\0" + words + bytes(10) + b"123456789012\0" + way + b"\0")


@asynccontextmanager
async def odd_server(*says: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Its address, and what it hears; it says one thing after the other."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for one in says:
            writer.write(one)
            heard.append(await reader.read(65536))
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("is_asked_at_once", [True, False])
@pytest.mark.parametrize("way", [b"mysql_clear_password", b"dialog", b"mysql_old_password"])
async def test_no_server_is_told_the_password_as_it_is(refused: Refused, way: bytes, is_asked_at_once: bool) -> None:
    switch = packet(2, b"\xfe" + way + b"\x0012345678901234567890\0")
    says = [hello(way)] if is_asked_at_once else [hello(b"mysql_native_password"), switch]
    async with odd_server(*says) as (address, heard):
        text = await refused(dsn=f"u:{PASSWORD}@tcp({address})/d?allowCleartextPasswords=true", connect_timeout=1)
    assert f"it wants the login {way.decode()}, which is not allowed" in text
    assert all(PASSWORD.encode() not in one for one in heard)


async def test_the_usual_login_of_old_can_be_refused(refused: Refused) -> None:
    switch = packet(2, b"\xfemysql_native_password\x0012345678901234567890\0")
    async with odd_server(hello(b"caching_sha2_password"), switch) as (address, heard):
        text = await refused(dsn=f"u:{PASSWORD}@tcp({address})/d?allowNativePasswords=false", connect_timeout=1)
    assert "it wants the login mysql_native_password, which is not allowed" in text
    assert heard[1] == b""


async def test_a_server_that_asks_for_a_file_of_this_host_gets_none(refused: Refused) -> None:
    welcome, asks = packet(2, b"\0\0\0\x02\0\0\0"), packet(1, b"\xfb/etc/hostname")
    async with odd_server(hello(b"mysql_native_password"), welcome, asks) as (address, heard):
        text = await refused(dsn=f"u:{PASSWORD}@tcp({address})/d", connect_timeout=1)
    assert "the server's answer cannot be read (is it a MariaDB or MySQL server?)" in text
    assert b"SET NAMES" in heard[1]
    assert heard[2] == b""


@pytest.mark.parametrize(
    "says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"-ERR unknown\r\n", bytes(500), packet(0, b"\x0a"), packet(1, b"")]
)
async def test_another_kind_of_server_ends_the_start(refused: Refused, says: bytes) -> None:
    async with odd_server(says) as (address, _):
        text = await refused(dsn=f"u:{PASSWORD}@tcp({address})/d", connect_timeout=0.5)
    assert f"sql_dsn {address}: " in text

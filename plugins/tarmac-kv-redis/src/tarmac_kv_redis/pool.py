"""Connections, made on demand, kept, limited; and one command on one of them.

Commands go to a connection itself instead of the driver's client: that spares time, and gives sending and reading a limit each,
where the driver has one for both and pays a task for each send.
"""

import asyncio
import socket
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError  # noqa: A004

from tarmac_kv_redis.connections import (
    DirectConnection,
    DirectTlsConnection,
    PrimaryConnection,
    PrimaryTlsConnection,
)
from tarmac_kv_redis.faults import PoolTimeoutError
from tarmac_kv_redis.settings import RedisSettings
from tarmac_kv_redis.tls import tls_context

_KEEPALIVE_INTERVAL_S = 15
_KEEPALIVE_PROBES = 3
_NO_LIMIT = 1_000_000


class Pool:
    """All connections of one store; to be used on one event loop. Raises `RedisOpenError` for files that cannot be used."""

    def __init__(self, settings: RedisSettings) -> None:
        self.settings = settings
        most = settings.max_active or _NO_LIMIT
        self._free = asyncio.Semaphore(most)
        self._clock = asyncio.get_running_loop().time
        self._sentinel = _sentinel(settings) if settings.sentinel_servers else None
        self._pool = _pool(settings, self._sentinel, most)
        # To the driver these are in use; taking one from its own list costs more than a command.
        self._idle: list[Connection] = []
        self._connect_s = settings.connect_timeout or None
        self._write_s = settings.write_timeout or None
        self._read_s = settings.read_timeout or None
        self._pool_s = settings.pool_timeout or None

    async def command(self, *parts: bytes | int) -> Any:
        """Send one command and return the reply: bytes, int, list or None. Raises the driver's errors and TimeoutError.

        A connection on which a command was cut short, by a time limit or by a cancelled caller, is closed, never reused.
        """
        if self._free.locked():
            await self._wait_for_free()
        else:
            await self._free.acquire()
        try:
            return await self._on_connection(parts)
        finally:
            self._free.release()

    async def _on_connection(self, parts: tuple[bytes | int, ...]) -> Any:
        connection = await self._connected()
        try:
            async with asyncio.timeout(self._write_s) as limit:
                await connection.send_command(*parts)
                limit.reschedule(self._clock() + self._read_s if self._read_s else None)
                return await connection.read_response()
        finally:
            # One that failed or was cut short has been disconnected by the driver.
            if connection.is_connected:
                self._idle.append(connection)
            else:
                await self._pool.release(connection)

    async def _connected(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if self._is_current(connection) and not await _has_ended(connection):
                return connection
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)
        async with asyncio.timeout(self._connect_s):
            fresh: Connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            return fresh

    def _is_current(self, connection: Connection) -> bool:
        """Whether it leads to the primary of now; a former one may still answer."""
        if not isinstance(self._pool, SentinelConnectionPool):
            return True
        return bool(self._pool.master_address == (connection.host, connection.port))

    async def _wait_for_free(self) -> None:
        try:
            async with asyncio.timeout(self._pool_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError from error

    async def close(self) -> None:
        """Close every connection, those in use too, and those to the sentinels."""
        parts = [self._pool.aclose()]
        if self._sentinel is not None:
            parts.append(self._sentinel.aclose())
        # A server that hangs cannot say goodbye: its connections are dropped all the same.
        await asyncio.gather(*parts, return_exceptions=True)


async def _has_ended(connection: Connection) -> bool:
    """Whether the server closed it, or sent what nobody asked for."""
    try:
        return not connection.is_connected or bool(await connection.can_read())
    except ConnectionError:
        return True


def _pool(settings: RedisSettings, sentinel: Sentinel | None, most: int) -> ConnectionPool:
    options = _common(settings) | _login(settings.user, settings.password) | _tls(settings, is_on=settings.tls)
    options |= {"db": settings.database, "max_connections": most}
    if sentinel is None:
        address = settings.address
        kind = DirectTlsConnection if settings.tls else DirectConnection
        return ConnectionPool(kind, host=address.host, port=address.port, **options)
    managed = PrimaryTlsConnection if settings.tls else PrimaryConnection
    name = settings.sentinel_master
    return SentinelConnectionPool(name, sentinel, connection_class=managed, **options)  # type: ignore[no-untyped-call]


def _sentinel(settings: RedisSettings) -> Sentinel:
    """The clients of the sentinels, which are only asked on the way to a connection and within its time limit."""
    login = _login(settings.sentinel_user, settings.sentinel_password)
    options = _common(settings) | login | _tls(settings, is_on=settings.sentinel_tls)
    kind = DirectTlsConnection if settings.sentinel_tls else DirectConnection
    sentinel = Sentinel([])  # type: ignore[no-untyped-call]
    # Its own clients could not be given our TLS.
    sentinel.sentinels = [
        Redis.from_pool(ConnectionPool(kind, host=address.host, port=address.port, **options))
        for address in settings.sentinel_addresses
    ]
    return sentinel


def _login(user: str, password: SecretStr) -> dict[str, Any]:
    secret = password.get_secret_value()
    login = {"password": secret} if secret else {}
    return {**login, "username": user} if user else login


def _tls(settings: RedisSettings, *, is_on: bool) -> dict[str, Any]:
    return {"tls_context": tls_context(settings)} if is_on else {}


def _common(settings: RedisSettings) -> dict[str, Any]:
    """RESP 2 is understood by every server and asks for no permission; the names a driver tells the server need one."""
    return {
        "protocol": 2,
        "driver_info": None,
        # The driver would try ten times with pauses, also a wrong password.
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": None,
        "socket_connect_timeout": settings.connect_timeout or None,
        "socket_keepalive": bool(settings.keepalive),
        "socket_keepalive_options": {
            socket.TCP_KEEPIDLE: settings.keepalive,
            socket.TCP_KEEPINTVL: _KEEPALIVE_INTERVAL_S,
            socket.TCP_KEEPCNT: _KEEPALIVE_PROBES,
        },
    }

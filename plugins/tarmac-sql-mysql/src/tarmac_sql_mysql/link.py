"""A connection: the driver's, without what the driver allows too readily, and closed at once."""

import asyncio
from typing import Any

import asyncmy.connection
from asyncmy.constants import CLIENT
from asyncmy.errors import MySQLError, OperationalError
from asyncmy.structs import B, i

from tarmac_sql_mysql.driven import Arrival
from tarmac_sql_mysql.faults import NO_SUCH_LOGIN, NO_TLS, NOT_UNDERSTOOD, RefusedLoginError
from tarmac_sql_mysql.server import Server
from tarmac_sql_mysql.values import decoders

# Its type hints leave out most of what is used here.
_Connection: Any = asyncmy.connection.Connection
_COM_QUIT, _COM_RESET_CONNECTION = 0x01, 0x1F
_IN_TRANSACTION = 1
_SAFE_LOGINS = (b"caching_sha2_password", b"sha256_password", b"client_ed25519")


class Link(_Connection):  # type: ignore[misc]
    """One connection of the driver. `reads_only` is the mode that its session is in; once spent it is used no more.

    Before it `is_driven` tasks use it, to open it; from then on only `Driven` calls.
    """

    def __init__(self, server: Server) -> None:
        address, options = server.address, server.options
        super().__init__(
            host=address.host,
            port=address.port,
            unix_socket=address.socket or None,
            user=address.user or "root",
            # The driver would write it in Latin-1.
            password=address.password.encode(),
            database=address.database or None,
            charset="utf8mb4",
            conv=decoders(server),
            use_unicode=not server.is_go,
            client_flag=CLIENT.FOUND_ROWS if options.found_rows else 0,
            connect_timeout=server.connect_timeout_s,
            autocommit=True,
            ssl=server.tls,
            program_name="tarmac",
        )
        # The driver always asks for leave to send several statements in one text.
        self._client_flag &= ~CLIENT.MULTI_STATEMENTS
        self._server = server
        self.reads_only = False
        self.is_spent = self.is_driven = False
        self.max_packet_bytes = 0

    @property
    def id(self) -> int:
        """The server's number for it."""
        return int(self.server_thread_id[0])

    @property
    def is_usable(self) -> bool:
        """Whether it is open, outside a transaction, and nothing lies unread."""
        if self.is_spent or not self._connected:
            return False
        received, transport = self._proto, self._transport
        return not (received.length != received.pos or transport.is_closing() or self.server_status & _IN_TRANSACTION)

    async def settle(self) -> None:
        """Give a session its settings; for a new connection, and after `reset`."""
        await self.query(_settings(self._server, is_mariadb="MariaDB" in self.server_version))
        self.reads_only = False
        if self._server.is_read_only:
            await self.read_only(True)
        if not self.max_packet_bytes:
            await self.query("SELECT @@max_allowed_packet")
            told = int(self._result.rows[0][0])
            self.max_packet_bytes = min(told, self._server.options.max_packet_bytes or told)

    async def read_only(self, wanted: bool) -> None:
        """Let the session's next transactions only read, or write too."""
        if wanted != self.reads_only:
            await self.query(f"SET SESSION TRANSACTION READ {'ONLY' if wanted else 'WRITE'}")
            self.reads_only = wanted

    async def reset(self) -> None:
        """Forget variables, temporary tables, locks and open transactions of the session."""
        await self._execute_command(_COM_RESET_CONNECTION, b"")
        await self._read_ok_packet()
        await self.settle()

    async def _fill_buffer(self, need: int) -> None:
        received = self._proto
        while received.length - received.pos < need:
            if received.eof or not self.is_driven:
                await super()._fill_buffer(need)
                return
            received._read_waiter = arrival = Arrival()
            try:
                await arrival
            except asyncio.CancelledError:
                self._close_on_cancel()
                raise

    def close(self) -> None:
        """Drop the connection and what was not sent: a server that hangs would never take it."""
        if self._transport is not None:
            self._transport.abort()
        super().close()

    async def ensure_closed(self) -> None:
        """Say goodbye if the server listens, and close."""
        if self._connected and not self._transport.is_closing():
            self._transport.write(i.pack(1) + B.pack(_COM_QUIT))
        received = self._proto
        self.close()
        if received is not None and received.transport is not None:
            await received.wait_closed()

    async def _request_authentication(self) -> Any:
        if self._server.tls is not None and not self.server_capabilities & CLIENT.SSL:
            if self._server.tls_is_required:
                raise OperationalError(NO_TLS, "the server does not offer TLS")
            self._ssl_context = None
            self._client_flag &= ~CLIENT.SSL
        self._allow(self._auth_plugin_name.encode() or b"mysql_native_password", is_first=True)
        return await super()._request_authentication()

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        self._allow(plugin_name, is_first=False)
        return await super()._process_auth(plugin_name, auth_packet)

    def _allow(self, plugin: bytes, *, is_first: bool) -> None:
        """Refuse ways to log in that tell the password to whoever listens; the driver goes along with each."""
        options = self._server.options
        allowed = (
            plugin in _SAFE_LOGINS
            or (plugin == b"mysql_native_password" and options.native_passwords)
            or (plugin == b"mysql_clear_password" and options.cleartext_passwords and self._secure)
            # The server's usual way, which it may still change for this user.
            or (is_first and plugin not in (b"mysql_clear_password", b"mysql_old_password", b"dialog"))
        )
        if not allowed:
            raise RefusedLoginError(NO_SUCH_LOGIN, plugin.decode("ascii", "replace"))


def _settings(server: Server, *, is_mariadb: bool) -> str:
    """One statement, since each is a turn."""
    collation = server.options.collation
    parts = [f"NAMES utf8mb4 COLLATE {collation}" if collation else "NAMES utf8mb4", "@@session.autocommit = 1"]
    if server.limit_s:
        seconds, milliseconds = server.limit_s, round(server.limit_s * 1000)
        limit = f"max_statement_time = {seconds}" if is_mariadb else f"max_execution_time = {milliseconds}"
        parts.append(f"@@session.{limit}")
    parts += [f"{name} = {value}" for name, value in server.options.variables.items()]
    return "SET " + ", ".join(parts)


async def connect(server: Server) -> Link:
    """Connect, log in and settle within the time limit; raises the driver's errors and TimeoutError."""
    link = Link(server)
    try:
        async with asyncio.timeout(server.connect_timeout_s):
            await link.connect()
            await link.settle()
    except (MySQLError, RefusedLoginError, OSError):
        link.close()
        raise
    except Exception as error:
        link.close()
        # The driver takes for granted that it talks with the right kind of server.
        raise OperationalError(NOT_UNDERSTOOD, "the server's answer cannot be read") from error
    except BaseException:
        link.close()
        raise
    return link

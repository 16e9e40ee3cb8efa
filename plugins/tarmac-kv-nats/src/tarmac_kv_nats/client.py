"""The driver's connection, used once: to one server, never made again by itself, and dropped at once when it ends.

These few methods of the driver are private; its version is bounded for them.
"""

import asyncio

from nats.aio.client import Client
from nats.aio.transport import TcpTransport
from nats.errors import SecureConnWantedError, UnexpectedEOF


class DirectTransport(TcpTransport):
    """TCP, perhaps with TLS."""

    def __bool__(self) -> bool:
        """The driver replaces a transport that is not connected yet unless it is true."""
        return True

    def writelines(self, payload: list[bytes]) -> None:
        """In one piece: CPython 3.12's `writelines` tells no writer to wait (gh-136234)."""
        if self._io_writer is not None:
            self._io_writer.write(b"".join(payload))

    def close(self) -> None:
        """Drop the connection and what was not sent: a server that hangs would never take it."""
        for writer in (self._io_writer, self._bare_io_writer):
            if writer is not None:
                writer.transport.abort()

    async def wait_closed(self) -> None:
        """Give the loop its turn; a stream whose TLS handshake failed would never tell that it is closed."""
        await asyncio.sleep(0)

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self._io_writer is not None and self._io_writer.get_extra_info("ssl_object") is not None

    @property
    def unsent_bytes(self) -> int:
        """What the system has not taken yet."""
        return 0 if self._io_writer is None else self._io_writer.transport.get_write_buffer_size()


class OneConnection(Client):
    """One connection; with `needs_tls` it logs in behind TLS or not at all."""

    def __init__(self, *, needs_tls: bool) -> None:
        super().__init__()
        self.has_logged_in = False
        self._needs_tls = needs_tls
        self._direct = DirectTransport()  # type: ignore[no-untyped-call]
        self._transport = self._direct

    @property
    def unsent_bytes(self) -> int:
        """What waits to be sent, here and in the transport."""
        return self.pending_data_size + self._direct.unsent_bytes

    def _connect_command(self) -> bytes:
        """Refuse to tell secrets to a server that offers no TLS; the driver would."""
        if self._needs_tls and not self._direct.is_encrypted:
            raise SecureConnWantedError
        return super()._connect_command()

    async def _process_connect_init(self) -> None:
        """A server that cuts the connection instead of greeting is no connection; the driver takes it for one."""
        await super()._process_connect_init()
        if not self.is_connected:
            raise UnexpectedEOF
        self.has_logged_in = True

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        """Drop what was not sent, since its callers have been told that it failed."""
        self._pending = []
        self._pending_data_size = 0
        await super()._close(status, do_cbs)

"""The driver's connections, with a TLS context of ours where asked for, and closed at once."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Connection
from redis.asyncio.sentinel import SentinelManagedConnection

_UNSENT_BYTES = 64 * 1024
_LOOK_AGAIN_S = 0.002


class DirectConnection(Connection):
    """To one server."""

    async def send_command(self, *args: Any, **kwargs: Any) -> None:
        """Send, and wait until nearly all has left: CPython 3.12's `writelines` tells no writer to wait (gh-136234)."""
        await super().send_command(*args, **kwargs)
        try:
            while self._unsent_bytes() > _UNSENT_BYTES:  # noqa: ASYNC110 - the transport tells nobody
                await asyncio.sleep(_LOOK_AGAIN_S)
        except BaseException:
            await self.disconnect(nowait=True)
            raise

    def _unsent_bytes(self) -> int:
        return self._writer.transport.get_write_buffer_size() if self._writer is not None else 0

    async def disconnect(self, *args: Any, **kwargs: Any) -> None:
        """Drop the connection and what was not sent: a server that hangs would never take it, nor say goodbye."""
        if self._writer is not None:
            self._writer.transport.abort()
        await super().disconnect(*args, **kwargs)


class DirectTlsConnection(DirectConnection):
    """To one server, with TLS."""

    def __init__(self, *, tls_context: ssl.SSLContext, **kwargs: Any) -> None:
        self._tls_context = tls_context
        super().__init__(**kwargs)

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), "ssl": self._tls_context}


class PrimaryConnection(SentinelManagedConnection, DirectConnection):
    """To the primary that the sentinels name."""


class PrimaryTlsConnection(SentinelManagedConnection, DirectTlsConnection):
    """To the primary that the sentinels name, with TLS."""

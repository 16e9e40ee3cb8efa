"""The driver's connections, with a TLS context of ours where asked for, and closed at once."""

import ssl
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Connection
from redis.asyncio.sentinel import SentinelManagedConnection


class DirectConnection(Connection):
    """To one server."""

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

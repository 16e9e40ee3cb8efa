"""The driver is imported, and its pools are opened, at the first call: a start that needs neither does not wait for them."""

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tarmac_core.plugin import Call, Context, Encode
from tarmac_httpclient.authorities import verifying
from tarmac_httpclient.names import Resolve, system_names
from tarmac_httpclient.settings import HTTPClientSettings

if TYPE_CHECKING:
    from tarmac_httpclient.client import Client
    from tarmac_httpclient.messages import HTTPReply, HTTPRequest


class FirstUse:
    """Decodes and calls; what it opens is closed by `stack`. Raises OpenError at once for a certificate file without any."""

    def __init__(
        self, settings: HTTPClientSettings, context: Context, resolve: Resolve | None, stack: AsyncExitStack
    ) -> None:
        self._settings = settings
        self._context = context
        self._resolve = resolve
        self._stack = stack
        self._opening = asyncio.Lock()
        self._client: Client | None = None
        if settings.ca_file:
            verifying(settings.ca_file)

    def decode(self, payload: bytes) -> "tuple[HTTPRequest, Encode[HTTPReply]]":
        """The request, and the encoder of its format."""
        from tarmac_httpclient.wire import decode  # noqa: PLC0415

        return decode(payload)

    async def call(self, call: Call, request: "HTTPRequest") -> "HTTPReply":
        """Make one call; raises HostCallError."""
        return await (self._client or await self._opened()).call(call, request)

    async def _opened(self) -> "Client":
        from tarmac_httpclient.client import Client  # noqa: PLC0415
        from tarmac_httpclient.connections import open_connections  # noqa: PLC0415

        async with self._opening:
            if self._client is None:
                resolve = self._resolve
                if resolve is None:
                    resolve = await self._stack.enter_async_context(system_names())
                connections = await self._stack.enter_async_context(open_connections(self._settings, resolve))
                self._client = Client(self._settings, connections, self._context.clock)
        return self._client

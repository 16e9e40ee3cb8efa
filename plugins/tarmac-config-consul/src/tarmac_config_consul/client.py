"""Asks Consul's HTTP API for the key: at once, or once it has changed."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp
from yarl import URL

from tarmac_config_consul import faults
from tarmac_config_consul.faults import ConsulRefusalError
from tarmac_config_consul.settings import ConsulSettings
from tarmac_config_consul.tls import tls_context

MAX_VALUE_BYTES = 1024 * 1024
_SHOWN_CHARACTERS = 200
_INDEX_DIGITS = 20  # of 64 bits


@dataclass(frozen=True, slots=True)
class Answer:
    """What the key holds, None where there is no such key, and the index to wait behind."""

    index: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Client:
    """One key of one server."""

    settings: ConsulSettings
    session: aiohttp.ClientSession

    async def get(self, index: int = 0) -> Answer:
        """Ask once; with an index, wait until the key has changed since or `watch_interval` has passed.

        Raises `ConsulAwayError` or `ConsulRefusalError`. Redirects are not followed: the token is for this server alone.
        """
        settings = self.settings
        # Consul adds up to a sixteenth, so that not all clients return at once.
        limit_s = settings.timeout + (settings.watch_interval * 17 / 16 if index else 0)
        timeout = aiohttp.ClientTimeout(total=limit_s, connect=settings.timeout)
        server_name = settings.tls_server_name or None
        try:
            async with self.session.get(
                self._url(index), timeout=timeout, allow_redirects=False, server_hostname=server_name
            ) as response:
                return await self._answer(response)
        except (aiohttp.ClientError, OSError) as error:
            raise faults.unanswered(error, limit_s=limit_s) from error

    def _url(self, index: int) -> URL:
        query = {"raw": "", "dc": self.settings.datacenter, "ns": self.settings.namespace}
        if index:
            query |= {"index": str(index), "wait": f"{self.settings.watch_interval}s"}
        path = f"{self.settings.address.url}/v1/kv/{quote(self.settings.keys_prefix, safe='/')}"
        return URL(path, encoded=True).with_query({name: text for name, text in query.items() if text or name == "raw"})

    async def _answer(self, response: aiohttp.ClientResponse) -> Answer:
        body = await _read_up_to(response, MAX_VALUE_BYTES)
        index = response.headers.get("X-Consul-Index", "")
        is_consul = index.isascii() and index.isdigit() and len(index) <= _INDEX_DIGITS
        if response.status not in {200, 404}:
            raise faults.answered(response.status, self._shown(body))
        if not is_consul:
            raise ConsulRefusalError(faults.NOT_CONSUL)
        if response.status == 200 and len(body) > MAX_VALUE_BYTES:
            raise ConsulRefusalError(f"is larger than {MAX_VALUE_BYTES} bytes")
        return Answer(max(int(index), 1), body if response.status == 200 else None)

    def _shown(self, body: bytes) -> str:
        """The server's words in one short line; what is not Consul may send the token back."""
        text = " ".join(body.decode(errors="replace").split())
        token = self.settings.token.get_secret_value()
        return (text.replace(token, "***") if token else text)[:_SHOWN_CHARACTERS]


@asynccontextmanager
async def open_client(settings: ConsulSettings) -> AsyncIterator[Client]:
    """Yield a client; at the end its connections are closed. Raises `ConsulRefusalError` for TLS files."""
    context = tls_context(settings) if settings.address.scheme == "https" else True
    token = settings.token.get_secret_value()
    async with aiohttp.ClientSession(
        connector=_connector(settings, context),
        headers={"X-Consul-Token": token} if token else {},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding",),
        middlewares=(_ask_once,),
    ) as session:
        yield Client(settings, session)


def _connector(settings: ConsulSettings, context: ssl.SSLContext | bool) -> aiohttp.BaseConnector:
    """A connection for each question: one that was kept may have died unnoticed in between."""
    if settings.address.socket_path:
        return aiohttp.UnixConnector(settings.address.socket_path, force_close=True)
    return aiohttp.TCPConnector(ssl=context, use_dns_cache=False, force_close=True)


class _CutError(aiohttp.ClientError):
    """The driver's own error, of a kind on which it does not ask again."""


async def _ask_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Tell of a cut instead of asking again: to a server that began anew the index would mean nothing."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _CutError(str(error)) from error


async def _read_up_to(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The body, or just more than the limit of it."""
    body = bytearray()
    while len(body) <= limit_bytes and (chunk := await response.content.read(limit_bytes + 1 - len(body))):
        body += chunk
    return bytes(body)

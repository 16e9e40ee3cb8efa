"""Connections, kept and shared, each only to an address that was permitted at the moment it was connected.

There is a pool for each rule about addresses, so that a connection made under a loose one never serves a function under a
strict one. A name is looked up by the pool itself, and what it connects is what was checked: no second look-up comes between.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tarmac_httpclient.authorities import verifying
from tarmac_httpclient.faults import RefusedError
from tarmac_httpclient.hosts import HostPattern, plain_host
from tarmac_httpclient.names import Resolve
from tarmac_httpclient.rules import Rules, check_address
from tarmac_httpclient.settings import HTTPClientSettings

_MAX_HEADER_BYTES = 64 * 1024
_MAX_HEADERS = 1000
_NO_AUTOMATIC_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where requests go instead, save those to hosts of `exceptions`."""

    url: URL
    exceptions: tuple[HostPattern, ...]

    def serves(self, url: URL) -> bool:
        """Whether a request to this URL goes through it."""
        host, port = plain_host(url.raw_host or ""), url.port or 0
        return not any(pattern.matches(host, port) for pattern in self.exceptions)


@dataclass(frozen=True, slots=True)
class Connections:
    """The opened pools."""

    strict: aiohttp.ClientSession
    loose: aiohttp.ClientSession
    proxied: aiohttp.ClientSession
    proxy: Proxy | None
    resolve: Resolve

    async def send(
        self, method: str, url: URL, rules: Rules, *, is_insecure: bool, **request: Any
    ) -> aiohttp.ClientResponse:
        """Send one request and wait for the head of its answer; raises `RefusedError` for its address."""
        if is_insecure:
            request["ssl"] = False
        request["allow_redirects"] = False
        host = url.raw_host or ""
        if _is_address(host):
            check_address(host, host, may_reach_private=rules.may_reach_private)
        if self.proxy is not None and self.proxy.serves(url):
            await self._check_behind_proxy(host, rules)
            return await self.proxied.request(method, url, proxy=self.proxy.url, **request)
        pool = self.loose if rules.may_reach_private else self.strict
        return await pool.request(method, url, **request)

    async def _check_behind_proxy(self, host: str, rules: Rules) -> None:
        """Refuse a host if any of its addresses is not permitted, since the proxy chooses among them."""
        try:
            addresses = (host,) if _is_address(host) else await self.resolve(host)
        except OSError as error:
            if rules.may_reach_private:
                return
            raise RefusedError(
                f"not allowed: {host} cannot be looked up here, so that its address behind the proxy is not known to be "
                "public (grants.httpclient.private, httpclient_allow_private)"
            ) from error
        for address in addresses:
            check_address(host, address, may_reach_private=rules.may_reach_private)


@asynccontextmanager
async def open_connections(settings: HTTPClientSettings, resolve: Resolve) -> AsyncIterator[Connections]:
    """Yield the pools; at the end every connection is closed."""
    context = verifying(settings.ca_file)
    url = settings.proxy.get_secret_value()
    exceptions = tuple(HostPattern.read(text) for text in settings.no_proxy)
    async with AsyncExitStack() as stack:
        strict, loose, proxied = [
            await stack.enter_async_context(_session(settings, context, resolve, may_reach_private))
            for may_reach_private in (False, True, None)
        ]
        yield Connections(strict, loose, proxied, Proxy(URL(url), exceptions) if url else None, resolve)


def _session(
    settings: HTTPClientSettings, context: ssl.SSLContext, resolve: Resolve, may_reach_private: bool | None
) -> aiohttp.ClientSession:
    """A pool under one rule; None is for the proxy, which the operator chose and nobody checks."""
    connector = aiohttp.TCPConnector(
        ssl=context,
        limit=settings.max_connections,
        keepalive_timeout=settings.idle_timeout_s,
        use_dns_cache=settings.dns_cache_s > 0,
        ttl_dns_cache=settings.dns_cache_s,  # type: ignore[arg-type]  # a number of seconds, typed as a whole one
        resolver=_Resolver(resolve, may_reach_private),
        socket_factory=None if may_reach_private is None else partial(_checked_socket, may_reach_private),
    )
    return aiohttp.ClientSession(
        connector=connector,
        # Cookies of one function are no other's business, nor of its next call.
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        auto_decompress=False,
        skip_auto_headers=_NO_AUTOMATIC_HEADERS,
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
        max_headers=_MAX_HEADERS,
    )


def _checked_socket(may_reach_private: bool, info: Any) -> socket.socket:
    """The last look at an address before it is connected, whoever found it."""
    family, kind, protocol, _, address = info
    check_address(address[0], address[0], may_reach_private=may_reach_private)
    return socket.socket(family, kind, protocol)


class _Resolver(AbstractResolver):
    """Gives aiohttp those addresses of a name that the pool may connect."""

    def __init__(self, resolve: Resolve, may_reach_private: bool | None) -> None:
        self._resolve = resolve
        self._may_reach_private = may_reach_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look the name up; raises `RefusedError` if none of its addresses is permitted."""
        found = await self._resolve(host)
        if not found:
            raise OSError(f"no address of {host}")
        allowed = found if self._may_reach_private is None else self._allowed(host, found, self._may_reach_private)
        return [_result(host, address, port) for address in allowed]

    def _allowed(self, host: str, found: Sequence[str], may_reach_private: bool) -> list[str]:
        allowed: list[str] = []
        refusal: RefusedError | None = None
        for address in found:
            try:
                check_address(host, address, may_reach_private=may_reach_private)
                allowed.append(address)
            except RefusedError as error:
                refusal = error
        if not allowed and refusal is not None:
            raise refusal
        return allowed

    async def close(self) -> None:
        """Nothing to do: who opened the names closes them."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=int(socket.AI_NUMERICHOST)
    )


def _is_address(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True

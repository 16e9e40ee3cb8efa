"""One call: send, follow redirects, read the answer, within the time that is left."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp

from tarmac_core.plugin import Call
from tarmac_httpclient import faults
from tarmac_httpclient.body import BodyError, read_up_to, unzipped
from tarmac_httpclient.connections import Connections
from tarmac_httpclient.faults import RefusedError, UnansweredError
from tarmac_httpclient.grant import HTTPClientGrant
from tarmac_httpclient.headers import is_token, reply_headers, request_headers, wants_gzip
from tarmac_httpclient.messages import HTTPReply, HTTPRequest
from tarmac_httpclient.redirects import MAX_REDIRECTS, Hop, first_hop, next_hop
from tarmac_httpclient.rules import Rules
from tarmac_httpclient.settings import HTTPClientSettings
from tarmac_httpclient.urls import URLError, read_url, shown

_DRAINED_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Client:
    """Makes calls; `clock` is the one of their deadlines."""

    settings: HTTPClientSettings
    connections: Connections
    clock: Callable[[], float]

    async def call(self, call: Call, request: HTTPRequest) -> HTTPReply:
        """The handler of `call`; raises `HostCallError`. Cancelling it closes the connection."""
        grant = call.grant if isinstance(call.grant, HTTPClientGrant) else None
        rules = Rules(grant, self.settings.allow_private)
        exchange = _Exchange(self.settings, self.connections, rules, request)
        limit = asyncio.timeout(self._time_left_s(call))
        try:
            async with limit:
                return await exchange.run()
        except RefusedError as error:
            raise faults.refused(error) from error
        except URLError as error:
            raise faults.not_created(error) from error
        except (aiohttp.ClientError, OSError, ValueError, UnansweredError, BodyError) as error:
            raise exchange.failed(error, is_late=limit.expired()) from error

    def _time_left_s(self, call: Call) -> float:
        left_s = self.settings.timeout_s
        return left_s if call.deadline_s is None else min(left_s, call.deadline_s - self.clock())


class _Exchange:
    """One call under way. `_hop` is the request that was sent last, None before the first."""

    def __init__(
        self, settings: HTTPClientSettings, connections: Connections, rules: Rules, request: HTTPRequest
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._rules = rules
        self._request = request
        self._hop: Hop | None = None
        self._is_answered = False

    def failed(self, error: Exception, *, is_late: bool) -> Exception:
        """What the guest reads of a call that gave no answer, or half of one."""
        if self._is_answered:
            return faults.not_read(faults.TIMEOUT_OF_BODY if is_late else faults.cause_of(error))
        hop = self._hop
        method, url = (hop.method, str(hop.url)) if hop else (self._request.method or "GET", shown(self._request.url))
        return faults.not_executed(method, url, faults.TIMEOUT_OF_ANSWER if is_late else faults.cause_of(error))

    async def run(self) -> HTTPReply:
        """Send the request and those that it is redirected to."""
        hop = self._first()
        for _ in range(MAX_REDIRECTS + 1):
            self._hop = hop
            self._rules.check(hop.method, hop.url, is_insecure=self._request.is_insecure)
            asks_gzip = wants_gzip(hop.method, hop.headers)
            response = await self._send(hop, asks_gzip=asks_gzip)
            try:
                following = next_hop(hop, response.status, response.headers)
                if following is None:
                    return await self._read(response, asks_gzip=asks_gzip)
                await _drain(response)
            finally:
                _give_back(response)
            hop = following
        raise UnansweredError(f"stopped after {MAX_REDIRECTS} redirects")

    def _first(self) -> Hop:
        method = self._request.method or "GET"
        if not is_token(method):
            raise faults.not_created(f'net/http: invalid method "{method}"')
        if method.upper() == "CONNECT":
            # The pool would hand the tunnel to the next function as a connection to this server.
            raise faults.not_created("CONNECT makes a tunnel, which no call could use")
        target = read_url(self._request.url)
        headers = request_headers(self._request.headers, user_agent=self._settings.user_agent)
        return first_hop(method, target, headers, self._request.body)

    async def _send(self, hop: Hop, *, asks_gzip: bool) -> aiohttp.ClientResponse:
        headers = hop.headers
        if asks_gzip:
            headers = headers.copy()
            headers["Accept-Encoding"] = "gzip"
        return await self._connections.send(
            hop.method,
            hop.url,
            self._rules,
            is_insecure=self._request.is_insecure,
            headers=headers,
            data=io.BytesIO(hop.body) if hop.body else None,
        )

    async def _read(self, response: aiohttp.ClientResponse, *, asks_gzip: bool) -> HTTPReply:
        self._is_answered = True
        is_zipped = asks_gzip and response.headers.get("Content-Encoding", "").lower() == "gzip"
        limit_bytes, length_bytes = self._settings.max_response_bytes, response.content_length
        if length_bytes is not None and length_bytes <= limit_bytes and not is_zipped:
            body, is_truncated = await response.content.read(), False
        else:
            chunks: AsyncIterator[bytes] = response.content.iter_any()
            body, is_truncated = await read_up_to(limit_bytes, unzipped(chunks) if is_zipped else chunks)
        headers = reply_headers(response.raw_headers, is_unzipped=is_zipped)
        return HTTPReply(response.status, headers, body, is_truncated)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read the short body of a redirect, so that its connection can be used again."""
    left = _DRAINED_BYTES
    while left > 0 and (chunk := await response.content.read(left)):
        left -= len(chunk)


def _give_back(response: aiohttp.ClientResponse) -> None:
    """Let the connection be used again if everything was read, and end it otherwise."""
    if response.content.at_eof():
        response.release()
    else:
        response.close()

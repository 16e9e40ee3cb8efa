"""One client's connection: its requests one after the other, and the answers to those that never become whole."""

import asyncio
import ssl
from collections.abc import Coroutine
from socket import AF_INET6, IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_NODELAY, socket
from typing import Protocol

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters, HTTP1ServerConnection
from tornado.httputil import HTTPConnection, HTTPServerConnectionDelegate

from tarmac_core.http.answers import request_id_of
from tarmac_core.http.endpoint import Endpoint
from tarmac_core.http.exchange import Exchange
from tarmac_core.http.settings import HttpSettings
from tarmac_core.http.streams import Lingering, PlainStream, TlsStream
from tarmac_core.http.tls import subject_of
from tarmac_core.http.watch import Phase, Watch
from tarmac_core.http.wire import Date, whole_answer
from tarmac_core.plugin import Log


class House(Protocol):
    """What all connections of a server share."""

    settings: HttpSettings
    parameters: HTTP1ConnectionParameters
    lingering: Lingering
    date: Date
    log: Log
    is_draining: bool

    def start(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        """Run the answer to a request."""

    def forget(self, connection: "Connection") -> None:
        """The connection is closed."""


class Connection(HTTPServerConnectionDelegate):
    """Serves one accepted socket until either side closes it.

    What is `refused` gets a whole answer and ends the connection. `request_id` is that of the request under way.
    """

    def __init__(self, sock: socket, address: tuple[object, ...], endpoint: Endpoint, house: House) -> None:
        self._house = house
        self.endpoint = endpoint
        self.log = house.log
        self.date = house.date
        self.start = house.start
        self.body_limit_bytes = endpoint.max_request_bytes
        self.watch = Watch(house.settings)
        self.is_lingering = False
        self.is_refused = False
        self.request_id = ""
        self.remote_address = _address_text(sock, address)
        self._subject: str | None = None
        self._exchange: Exchange | None = None
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
        self._stream = TlsStream(sock, self) if isinstance(sock, ssl.SSLSocket) else PlainStream(sock, self)
        self._serving = HTTP1ServerConnection(self._stream, house.parameters, self.remote_address)

    @property
    def is_draining(self) -> bool:
        """Whether no further request is wanted."""
        return self._house.is_draining

    def serve(self) -> None:
        """Begin; returns at once."""
        self._serving.start_serving(self)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> Exchange:
        """Tornado is ready for a request; runs again after each answer."""
        assert isinstance(request_conn, HTTP1Connection)
        if self._exchange is not None:
            self.watch.enter(Phase.IDLE)
            if self.is_draining:
                self._stream.close()
        self.request_id = ""
        self._exchange = Exchange(self, request_conn)
        return self._exchange

    def on_close(self, server_conn: object) -> None:
        """Tornado has ended the connection."""
        if self._exchange is not None:
            self._exchange.cancel()
        self._house.forget(self)

    def tls_subject(self) -> str:
        """The client certificate's subject; read once."""
        if self._subject is None:
            self._subject = subject_of(self._stream.socket) if isinstance(self._stream, TlsStream) else ""
        return self._subject

    def is_closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._stream.closed()

    def refuse(self, code: int, text: str = "") -> None:
        """Answer a request that will not become whole, and close."""
        if self.is_refused or self._stream.closed():
            return
        self._stream.write(self._refusal(code, text))
        self._stream.close()

    def on_oversized(self) -> None:
        """Tornado gives up on headers, or on a chunk's size line, that are over the limit."""
        if self.watch.phase is Phase.BODY:
            self.refuse(400, "400 Bad Request: malformed chunk\n")
        else:
            self.refuse(431 if self.watch.is_line_seen else 414)

    def on_malformed(self) -> bytes:
        """Tornado is about to answer 400 by itself, maybe behind a refusal of ours."""
        return b"" if self.is_refused else self._refusal(400, "")

    def on_plaintext(self) -> bytes:
        """The TLS handshake has found an HTTP request."""
        return self._refusal(400, "Client sent an HTTP request to an HTTPS server.\n")

    def linger(self, fileno: int) -> None:
        """Let the client read its answer."""
        self._house.lingering.keep(fileno)

    def check(self, now_s: float) -> None:
        """End the connection if its phase takes too long: with 408 where a request had begun."""
        if not self.watch.is_late(now_s):
            return
        if self.watch.phase in (Phase.HEADERS, Phase.BODY):
            self.refuse(408)
        else:
            self._stream.close()

    def close_if_idle(self) -> None:
        """Close unless a request is under way, or waiting to be read."""
        if self.watch.phase in (Phase.FIRST, Phase.IDLE) and not self._stream.has_input():
            self._stream.close()

    async def close(self) -> None:
        """Cut what runs and wait until Tornado has let go."""
        await self._serving.close()

    def _refusal(self, code: int, text: str) -> bytes:
        self.is_refused = True
        self.is_lingering = True
        response = self.endpoint.refuse(code, self.request_id or request_id_of(()), text)
        return whole_answer(response, self.date.now())


def _address_text(sock: socket, address: tuple[object, ...]) -> str:
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if sock.family == AF_INET6 else f"{host}:{port}"

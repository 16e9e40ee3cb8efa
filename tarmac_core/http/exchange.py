"""One request and its answer: limits while it comes, the endpoint's task, writing, and the client that leaves."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine

from tarmac_core.http.answers import phrase, request_id_of
from tarmac_core.http.target import Query, split_target
from tarmac_core.http.watch import Phase
from tarmac_core.http.wire import HeaderView, headers_for
from tarmac_core.plugin import Request, Response

if TYPE_CHECKING:
    from tarmac_core.http.connection import Connection

_INLINE_BYTES = 64 * 1024
_MAX_LENGTH_DIGITS = 18


class Exchange(HTTPMessageDelegate):
    """What Tornado tells about one request. Its `finish` starts the answer, `on_connection_close` ends it unread."""

    def __init__(self, connection: "Connection", http: HTTP1Connection) -> None:
        self._connection = connection
        self._http = http
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self._task: asyncio.Task[None] | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        """Refuse what can be refused before a body, or an invitation to send one, is on its way."""
        connection = self._connection
        connection.watch.enter(Phase.BODY)
        connection.request_id = request_id_of(headers.get_list("X-Request-Id"))
        assert isinstance(start_line, RequestStartLine)
        self._start_line, self._headers = start_line, headers
        length = headers.get("Content-Length", "")
        if _is_number(length) and (len(length) > _MAX_LENGTH_DIGITS or int(length) > connection.body_limit_bytes):
            connection.refuse(413)
            return
        if start_line.version == "HTTP/1.0" and "Expect" in headers:
            del headers["Expect"]  # such a client knows no 100 and would take it for the answer
        if start_line.version == "HTTP/1.1" and len(headers.get_list("Host")) != 1:
            connection.refuse(400, "400 Bad Request: one Host header is needed\n")
            return
        try:
            self._path, self._query = split_target(start_line.path)
        except ValueError as error:
            connection.refuse(400, f"400 Bad Request: {error}\n")

    def data_received(self, chunk: bytes) -> None:
        """Count and keep; a chunked body over the limit ends here."""
        self._body_bytes += len(chunk)
        if self._body_bytes > self._connection.body_limit_bytes:
            self._chunks.clear()
            self._connection.refuse(413)
        else:
            self._chunks.append(chunk)

    def finish(self) -> None:
        """The request is whole: start answering it."""
        connection = self._connection
        if connection.is_refused:
            return
        connection.watch.enter(Phase.RUNNING)
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._http.set_close_callback(self.cancel)
        self._task = connection.start(self._answer(self._request(body, self._path, self._query)))

    def on_connection_close(self) -> None:
        """The client left, or was refused, before its request was whole."""
        self._chunks.clear()

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        if self._task is not None:
            self._task.cancel()

    def _request(self, body: bytes, path: str, query: Query) -> Request:
        return Request(
            method=self._start_line.method,
            path=path,
            body=body,
            query=query,
            headers=HeaderView(self._headers),
            remote_address=self._connection.remote_address,
            tls_subject=self._connection.tls_subject(),
            request_id=self._connection.request_id,
        )

    async def _answer(self, request: Request) -> None:
        log = self._connection.log
        if not log.isEnabledFor(logging.DEBUG):
            self._send(await self._connection.endpoint.answer(request))
            return
        fields = self._fields(request)
        log.debug("HTTP Request received", extra=fields)
        started_s = time.perf_counter()
        response = await self._connection.endpoint.answer(request)
        self._send(response)
        duration_ms = round((time.perf_counter() - started_s) * 1000, 3)
        log.debug("HTTP Request complete", extra={**fields, "code": response.code, "duration": duration_ms})

    def _send(self, response: Response) -> None:
        if self._connection.is_closed():
            return
        self._connection.watch.enter(Phase.WRITING)
        headers = headers_for(response, self._connection.date.now(), is_last=self._connection.is_draining)
        start = ResponseStartLine("HTTP/1.1", response.code, phrase(response.code))
        body = b"" if self._start_line.method == "HEAD" else response.body
        # A large body goes out on its own, so that it is not copied behind the headers.
        is_inline = len(body) <= _INLINE_BYTES
        self._http.write_headers(start, headers, body if is_inline else None)
        if not is_inline:
            self._http.write(body)
        self._http.finish()

    def _fields(self, request: Request) -> dict[str, object]:
        return {
            "method": request.method,
            "remote-addr": request.remote_address,
            "http-protocol": self._start_line.version,
            "content-length": len(request.body),
            "request_id": request.request_id,
            "path": request.path.replace("\r", "").replace("\n", ""),
        }


def _is_number(text: str) -> bool:
    # Anything odder (signs, lists, nothing) is left to Tornado's own check, which refuses it.
    return text.isascii() and text.isdigit()

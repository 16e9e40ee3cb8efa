"""A small web server that functions under test call; it keeps what it was asked."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """Answers each request with `/CODE` in the path as its status, and its method and body as the body."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def web_server(tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A server on a free port of 127.0.0.1, with TLS if given."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is its own."""

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            web.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
            text = b"" if self.command == "HEAD" else f"{self.command} ".encode() + body
            code = self.path[1:4]
            self.send_response(int(code) if code.isdigit() else 200)
            self.send_header("content-type", "text/plain")
            self.send_header("x-kind", "a")
            self.send_header("x-kind", "b")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    web.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

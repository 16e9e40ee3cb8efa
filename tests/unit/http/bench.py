"""Real servers on free ports, and clients that speak bytes."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from tarmac_core.http import FunctionRoute, HttpSettings, Probes, Server, make_endpoints
from tarmac_core.plugin import Event, Log, Request, Response

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROUTES = (FunctionRoute("/", ALL_METHODS, "echo"), FunctionRoute("/slow", ("POST",), "slow"))
LOCAL = ("127.0.0.1", 0)


class Lines(logging.Handler):
    """Keeps log lines as `LEVEL message`."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


@dataclass
class Functions:
    """Stands for the dispatcher: `echo` answers its body, `slow` waits until it is released or cancelled."""

    requests: list[Request] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Callable[[Request], Response] = lambda request: Response(200, request.body)

    async def invoke(self, function: str, request: Request) -> Response:
        self.requests.append(request)
        if function == "slow":
            self.started.set()
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return self.answer(request)


class Client:
    """One connection that sends and reads bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name, body as long as its Content-Length says."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
        status, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await asyncio.wait_for(self.reader.readexactly(int(headers.get("content-length", 0))), 10)
        return int(status.split()[1]), headers, body

    async def ask(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        await self.send(data)
        return await self.answer()

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        return await asyncio.wait_for(self.reader.read(), 10)

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return


class Bench:
    """A running server and what belongs to it."""

    def __init__(self, server: Server, functions: Functions, log: Lines, events: list[Event]) -> None:
        self.server = server
        self.functions = functions
        self.log = log
        self.events = events
        self._clients = AsyncExitStack()

    async def connect(
        self, *, context: ssl.SSLContext | None = None, limit_bytes: int = 1 << 20, port: int | None = None
    ) -> Client:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            port or self.server.port,
            ssl=context,
            server_hostname="localhost" if context else None,
            limit=limit_bytes,
        )
        client = Client(reader, writer)
        self._clients.push_async_callback(client.close)
        return client

    async def close(self) -> None:
        await self._clients.aclose()


Serve = Callable[..., Awaitable[Bench]]


def make_log(level: int = logging.DEBUG) -> tuple[Log, Lines]:
    logger, lines = logging.Logger("test", level), Lines()
    logger.addHandler(lines)
    return logging.LoggerAdapter(logger, {}), lines


@asynccontextmanager
async def bench(
    *,
    routes: tuple[FunctionRoute, ...] = ROUTES,
    probes: Probes | None = None,
    level: int = logging.DEBUG,
    **limits: object,
) -> AsyncIterator[Bench]:
    log, lines = make_log(level)
    functions, events = Functions(), list[Event]()
    settings = HttpSettings(listen=LOCAL, **limits)  # type: ignore[arg-type]
    endpoint, admin = make_endpoints(
        routes,
        has_admin_listener=settings.admin_listen is not None,
        invoke_http=functions.invoke,
        log=log,
        probes=probes or Probes(log=log),
        max_request_bytes=settings.max_request_bytes,
        observe=events.append,
    )
    async with Server(endpoint, settings, log=log, admin=admin) as server:
        server.listen()
        running = Bench(server, functions, lines, events)
        try:
            yield running
        finally:
            await running.close()


def post(body: bytes, *headers: str, path: str = "/") -> bytes:
    """A whole POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def get(path: str = "/", *headers: str, method: str = "GET") -> bytes:
    """A whole request without a body."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()

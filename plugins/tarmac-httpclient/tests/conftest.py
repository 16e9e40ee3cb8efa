"""A real server that records what it is sent, and an opened capability to call it with."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from tarmac_httpclient.httpclient_pb2 import HTTPClient, HTTPClientResponse
from tarmac_httpclient.plugin import HTTPClientPlugin

from tarmac_core.testing import Answer, Capability, PluginHarness

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """A server on the loopback interface; `seen` are its requests, `connections` the clients' ends that made them."""

    port: int = 0
    scheme: str = "http"
    seen: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    handlers: dict[str, Handler] = field(default_factory=dict)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.bodies.append(await request.content.read())
        self.seen.append(request)
        assert request.transport is not None
        self.connections.add(request.transport.get_extra_info("peername"))
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(text="hello")

    def on(self, path: str, code: int = 200, body: bytes = b"", **headers: str) -> None:
        """Answer a path with these; `_` in names stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=code, body=body, headers=named)

        self.handlers[path] = answer


@asynccontextmanager
async def serving(context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(scheme="https" if context else "http")
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as one:
        yield one


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def tls_server(authority: trustme.CA) -> AsyncIterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    async with serving(context) as one:
        yield one


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@dataclass
class Guest:
    """Calls the capability as a guest would."""

    capability: Capability
    plugin: PluginHarness

    async def call(self, url: str, method: str = "GET", *, call: dict[str, Any] | None = None, **fields: Any) -> Answer:
        message = HTTPClient(url=url.encode(), method=method.encode(), body=fields.get("body", b""))
        message.insecure = fields.get("insecure", False)
        for name, values in fields.get("headers", {}).items():
            message.headers[name].values.extend(value.encode() for value in values)
        return await self.capability.call("call", message.SerializeToString(), **(call or {}))

    async def get(self, url: str, method: str = "GET", **fields: Any) -> HTTPClientResponse:
        answer = await self.call(url, method, **fields)
        assert answer.cause is None, repr(answer.cause)
        assert answer.is_ok, answer.error
        return HTTPClientResponse.FromString(answer.payload)

    async def granted(self, url: str, grant: dict[str, Any], method: str = "GET", **fields: Any) -> Answer:
        return await self.call(url, method, call={"grant": grant}, **fields)

    async def json(self, **members: Any) -> tuple[Answer, Any]:
        answer = await self.capability.call("call", json.dumps(members).encode())
        return answer, json.loads(answer.payload)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def open_one(resolve: Any = None, **settings: object) -> AsyncIterator[Guest]:
        class Plugin(HTTPClientPlugin):
            def __init__(self) -> None:
                super().__init__(resolve)

        async with PluginHarness(Plugin, settings, data_dir=tmp_path) as plugin:
            yield Guest(await plugin.capability(), plugin)

    return open_one


@pytest.fixture
async def guest(opened: Any) -> AsyncIterator[Guest]:
    async with opened() as one:
        yield one


class Names:
    """A name service whose answers are set: each look-up takes the next, the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        await asyncio.sleep(0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def names() -> type[Names]:
    return Names

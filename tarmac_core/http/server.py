"""The server: listeners, the sweep over connections, renewed certificates, draining."""

import asyncio
import socket
import time
from collections.abc import Coroutine
from functools import partial
from types import TracebackType
from typing import Self

from tornado.http1connection import HTTP1ConnectionParameters

from tarmac_core.http.connection import Connection
from tarmac_core.http.endpoint import Endpoint
from tarmac_core.http.listener import Listener
from tarmac_core.http.settings import HttpSettings, TlsError, TlsFiles
from tarmac_core.http.streams import Lingering
from tarmac_core.http.tls import load_context, stamp_of
from tarmac_core.http.tornado_log import TornadoLog
from tarmac_core.http.watch import Phase, limits_of
from tarmac_core.http.wire import Date
from tarmac_core.plugin import Log

_LONGEST_SWEEP_INTERVAL_S = 1.0
_CANCEL_LIMIT_S = 5.0


class Server:
    """Serves an endpoint over HTTP/1.1, with TLS where `settings.tls` is set.

    Use as `async with Server(endpoint, settings, log=log) as server`, then `listen()`. Entering reads the certificates and
    raises `TlsError`; `listen` raises `ListenError`. Leaving cuts what still runs: `drain` first. `admin` is the endpoint
    of the second listener, needed exactly with `settings.admin_listen`.
    """

    def __init__(self, endpoint: Endpoint, settings: HttpSettings, *, log: Log, admin: Endpoint | None = None) -> None:
        if (admin is None) != (settings.admin_listen is None):
            raise ValueError("an admin endpoint goes with settings.admin_listen, and only with it")
        self.settings = settings
        self.log = log
        self.date = Date()
        self.lingering = Lingering()
        self.is_draining = False
        # Tornado's own limit on bodies would answer behind ours, and its one time-out cannot tell headers from idling.
        self.parameters = HTTP1ConnectionParameters(max_header_size=settings.max_header_bytes, max_body_size=2**62)
        self._endpoint = endpoint
        self._admin = admin
        self._listeners: list[Listener] = []
        self._connections: set[Connection] = set()
        self._answers: set[asyncio.Task[None]] = set()
        self._background: list[asyncio.Task[None]] = []
        self._all_closed = asyncio.Event()
        self._tornado_log = TornadoLog(log)

    async def __aenter__(self) -> Self:
        """Read the certificates; nothing listens yet."""
        context = load_context(self.settings.tls) if self.settings.tls is not None else None
        accept = partial(self._accepted, self._endpoint)
        self._listeners = [Listener(self.settings.listen, accept, log=self.log, context=context)]
        if self._admin is not None and self.settings.admin_listen is not None:
            accept = partial(self._accepted, self._admin)
            self._listeners.append(Listener(self.settings.admin_listen, accept, log=self.log, context=None))
        self._tornado_log.install()
        self._background = [asyncio.create_task(self._sweep(), name="http sweep")]
        if self.settings.tls is not None:
            self._background.append(asyncio.create_task(self._renew(self.settings.tls), name="http certificates"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut what runs and release everything."""
        await self.drain(0)
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background)
        self.lingering.close()
        self._tornado_log.remove()

    @property
    def port(self) -> int:
        """The port of the first listener, once `listen` was called."""
        return self._listeners[0].port

    @property
    def admin_port(self) -> int:
        """The port of the admin listener."""
        return self._listeners[1].port

    def listen(self) -> None:
        """Open every listener, or none; raises `ListenError`."""
        for count, listener in enumerate(self._listeners):
            try:
                listener.open(self.settings.listen_backlog_count)
            except Exception:
                for opened in self._listeners[:count]:
                    opened.close()
                raise

    async def drain(self, timeout_s: float) -> int:
        """Accept nothing more, close idle connections, wait for the rest; return how many had to be cut.

        Answers that go out from now on end their connection. A request of which a part has come is waited for too.
        """
        self.is_draining = True
        for listener in self._listeners:
            listener.close()
        # Two turns let connections that were just accepted read what they have.
        for _ in range(2):
            await asyncio.sleep(0)
        for connection in tuple(self._connections):
            connection.close_if_idle()
        if self._connections and timeout_s > 0:
            await self._closed_within(timeout_s)
        return await self._cut()

    def start(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        """Run the answer to a request."""
        task = asyncio.get_running_loop().create_task(work)
        self._answers.add(task)
        task.add_done_callback(self._answered)
        return task

    def forget(self, connection: Connection) -> None:
        """The connection is closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._all_closed.set()

    def _accepted(self, endpoint: Endpoint, sock: socket.socket, address: tuple[object, ...]) -> None:
        connection = Connection(sock, address, endpoint, self)
        self._connections.add(connection)
        self._all_closed.clear()
        connection.serve()

    def _answered(self, task: "asyncio.Task[None]") -> None:
        self._answers.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.log.error("An answer could not be written", exc_info=task.exception())

    async def _closed_within(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._all_closed.wait()
        except TimeoutError:
            self.log.warning("Time to stop is over", extra={"connections": len(self._connections)})

    async def _cut(self) -> int:
        connections = tuple(self._connections)
        count = sum(connection.watch.phase not in (Phase.FIRST, Phase.IDLE) for connection in connections)
        await asyncio.gather(*(connection.close() for connection in connections))
        if self._answers:
            await asyncio.wait(tuple(self._answers), timeout=_CANCEL_LIMIT_S)
        return count

    async def _sweep(self) -> None:
        interval_s = min(_LONGEST_SWEEP_INTERVAL_S, min(limits_of(self.settings).values()) / 4)
        while True:
            await asyncio.sleep(interval_s)
            now_s = time.monotonic()
            for connection in tuple(self._connections):
                connection.check(now_s)

    async def _renew(self, files: TlsFiles) -> None:
        stamp = stamp_of(files)
        while True:
            await asyncio.sleep(self.settings.tls_poll_interval_s)
            changed = stamp_of(files)
            if changed == stamp:
                continue
            stamp = changed
            try:
                self._listeners[0].context = load_context(files)
                self.log.info("Certificates read anew")
            except TlsError as error:
                self.log.warning("Certificates changed but cannot be used; the old ones stay: %s", error)

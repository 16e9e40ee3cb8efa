"""One connection at a time to any of the servers, made again after every fault until closed."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from nats.aio.msg import Msg
from nats.errors import UnexpectedEOF
from nats.js import JetStreamContext
from tarmac_kv import KVError

from tarmac_core.plugin import Log
from tarmac_kv_nats.address import Address
from tarmac_kv_nats.bucket import Bucket, find_bucket
from tarmac_kv_nats.calls import Calls
from tarmac_kv_nats.client import OneConnection
from tarmac_kv_nats.faults import (
    FAILURES,
    TOLD,
    AwayError,
    BusyError,
    ClosedError,
    DeniedError,
    NatsOpenError,
    for_guests,
    in_words,
    is_outage,
)
from tarmac_kv_nats.login import login
from tarmac_kv_nats.messages import size_of
from tarmac_kv_nats.outage import Outage
from tarmac_kv_nats.settings import NatsSettings
from tarmac_kv_nats.tls import tls_context

T = TypeVar("T")

_MISSED_PINGS = 2


class Link:
    """Requests to the servers of `settings`; to be used on one event loop, from `open` to `close`."""

    bucket: Bucket

    def __init__(self, settings: NatsSettings, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._tls = tls_context(settings)
        self._outage = Outage(settings.place, log)
        self._denied = Outage(settings.place, log)
        self._calls = Calls(settings.request_timeout or None)
        self._client: OneConnection | None = None
        self._reconnecting: asyncio.Task[None] | None = None
        self._is_closed = False

    async def open(self) -> None:
        """Connect for the first time. Raises `NatsOpenError` naming setting and server."""
        try:
            await self._connect()
        except NatsOpenError:
            raise
        except FAILURES as error:
            raise NatsOpenError(self._settings.place, in_words(error, self._settings)) from error

    async def request(self, subject: str, payload: bytes = b"", headers: dict[str, str] | None = None) -> Msg:
        """Send one message and return the answer. Raises KVError."""
        client = self._ready_client()
        size_bytes, most_bytes = size_of(payload, headers), client.max_payload
        if size_bytes > most_bytes:  # the server would cut the connection
            raise KVError(f"the value is too large: {size_bytes} bytes in all, the store takes {most_bytes} at most")
        # The limit is ours: the driver's would cost a task.
        return await self._run(subject, client.request(subject, payload, timeout=None, headers=headers))  # type: ignore[arg-type]

    async def manage(self, job: Callable[[JetStreamContext], Awaitable[T]]) -> T:
        """Do one request of JetStream's API. Raises KVError."""
        return await self._run(self.bucket.stream, job(_jetstream(self._ready_client())))

    async def converse(self, job: Callable[[OneConnection], Awaitable[T]]) -> T:
        """Do what takes more than one message each way, within the limit of one request. Raises KVError."""
        return await self._run(self.bucket.stream, job(self._ready_client()))

    async def close(self) -> None:
        """Close the connection; calls on their way are waited for a little, then fail."""
        self._is_closed = True
        await self._calls.finish(ClosedError, self._settings.drain_timeout)
        if self._reconnecting is not None:
            self._reconnecting.cancel()
            await asyncio.wait([self._reconnecting])
        if self._client is not None:
            await self._client.close()

    def _ready_client(self) -> OneConnection:
        if self._is_closed:
            raise for_guests(ClosedError())
        if self._client is None:
            raise for_guests(AwayError())
        if self._client.unsent_bytes > self._settings.pending_size:
            raise for_guests(BusyError())
        return self._client

    async def _run(self, subject: str, answer: Awaitable[T]) -> T:
        try:
            value = await self._calls.run(subject, answer)
        except FAILURES as error:
            if is_outage(error) and not isinstance(error, TOLD):
                self._outage.goes_on(in_words(error, self._settings))
            raise for_guests(error) from error
        self._outage.is_over()
        return value

    async def _connect(self) -> None:
        """Try each server once, in any order. Raises the last one's error."""
        addresses = self._settings.addresses
        random.shuffle(addresses)
        for left, address in zip(reversed(range(len(addresses))), addresses, strict=True):
            try:
                return await self._connect_to(address)
            except FAILURES:
                if not left:
                    raise
        return None

    async def _connect_to(self, address: Address) -> None:
        settings, client = self._settings, OneConnection(needs_tls=self._settings.needs_tls)
        options = self._options() | login(settings)

        async def failed(error: Exception) -> None:
            if not client.has_logged_in:
                raise error
            self._note(str(error))

        async def ended() -> None:
            self._lost(client)

        try:
            await client.connect(str(address), error_cb=failed, closed_cb=ended, **options)
            self.bucket = await find_bucket(_jetstream(client), settings, partial(self._calls.run, "$JS.API"))
            if client.is_closed:
                raise client.last_error or UnexpectedEOF  # noqa: TRY301 - to be closed as after any other failure
        except BaseException:
            await client.close()
            raise
        self._client = client

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "name": "tarmac",
            "allow_reconnect": False,
            "connect_timeout": settings.connect_timeout,
            "ping_interval": settings.ping_interval,
            "max_outstanding_pings": _MISSED_PINGS,
            # Without a connection nothing is kept for later; with one, `_ready_client` watches what waits.
            "pending_size": 0,
            "tls": self._tls,
            "tls_hostname": settings.tls_hostname or None,
            "tls_handshake_first": settings.tls_first,
        }

    def _note(self, text: str) -> None:
        """What the server said to nobody in particular; a request that it overlooked would wait for its limit."""
        if "permissions violation" in text:
            everything = "subscription" in text
            self._calls.cut(partial(DeniedError, text), named_in="" if everything else text)
            self._denied.goes_on(in_words(DeniedError(text), self._settings))

    def _lost(self, client: OneConnection) -> None:
        words = in_words(client.last_error or UnexpectedEOF(), self._settings)
        self._calls.cut(partial(AwayError, words))
        if self._client is client:
            self._client = None
            if not self._is_closed:
                self._outage.goes_on(words)
                self._reconnecting = asyncio.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        most = self._settings.max_reconnects
        for _ in itertools.count() if most < 0 else range(most):
            try:
                await self._connect()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next attempt may succeed
                self._outage.goes_on(in_words(error, self._settings))
                await asyncio.sleep(self._settings.reconnect_wait)
            else:
                self._outage.is_over()
                return
        self._log.error("%s: given up after %d attempts (nats_max_reconnects)", self._settings.place, most)


def _jetstream(client: OneConnection) -> JetStreamContext:
    return client.jetstream(timeout=None)

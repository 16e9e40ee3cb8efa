"""The thread that sends. The event loop only puts changes into a queue that has a limit, and never waits."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal, TypeAlias

from statsd import StatsClient, TCPStatsClient  # type: ignore[import-untyped]

from tarmac_core.plugin import Log

Change: TypeAlias = tuple[Literal["c", "g", "ms"], str, float]

BATCH_LENGTH = 100
DROPPED = "statsd.dropped"
_RETRY_S = 1.0
_LOG_INTERVAL_S = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """The daemon, and how it is reached. `timeout_s` is for TCP only; a datagram never waits."""

    host: str
    port: int
    protocol: Literal["udp", "tcp"]
    prefix: str
    timeout_s: float

    def connect(self) -> Any:
        """Return a client that is ready to send; raises OSError. Resolving the name may take a while."""
        is_ipv6 = ":" in self.host
        if self.protocol == "udp":
            return StatsClient(self.host, self.port, prefix=self.prefix or None, ipv6=is_ipv6)
        client = TCPStatsClient(self.host, self.port, prefix=self.prefix or None, timeout=self.timeout_s, ipv6=is_ipv6)
        try:
            client.connect()
        except OSError:
            client.close()
            raise
        return client


class Sender:
    """`put` on the event loop, everything else in one thread from `start` to `close`."""

    def __init__(self, target: Target, limit: int, interval_s: float, log: Log) -> None:
        self._target, self._limit, self._interval_s, self._log = target, limit, interval_s, log
        self._changes: deque[Change] = deque()
        self._client: Any = None
        self._dropped = self._lost = self._told = 0
        self._retry_at_s = self._logged_at_s = float("-inf")
        self._is_stopping = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="tarmac-statsd", daemon=True)

    @property
    def dropped(self) -> int:
        """Changes that were never sent, so far."""
        return self._dropped + self._lost

    def start(self) -> None:
        """Begin to send; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def put(self, change: Change) -> None:
        """Queue one change, or drop it when the queue is full."""
        if len(self._changes) < self._limit:
            self._changes.append(change)
        else:
            self._dropped += 1

    async def close(self) -> None:
        """Send what waits, if the daemon is there, and end the thread."""
        self._is_stopping.set()
        await self._ended.wait()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._send_until_stopped()
        finally:
            # The loop may be gone if closing took longer than it was given.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)

    def _send_until_stopped(self) -> None:
        while not self._is_stopping.wait(self._interval_s):
            self._send_all()
        self._retry_at_s = float("-inf")
        self._send_all()
        if self._client is not None:
            self._client.close()
        if self._changes:
            self._log.warning("StatsD: %d metrics were not sent before the stop", len(self._changes))

    def _send_all(self) -> None:
        if (self._changes or self.dropped > self._told) and self._is_connected():
            while self._changes and self._send_batch():
                pass
            self._tell_dropped()

    def _is_connected(self) -> bool:
        if self._client is not None:
            return True
        if monotonic() < self._retry_at_s:
            return False
        try:
            self._client = self._target.connect()
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _send_batch(self) -> bool:
        batch = [self._changes.popleft() for _ in range(min(BATCH_LENGTH, len(self._changes)))]
        try:
            with self._client.pipeline() as pipe:
                for change in batch:
                    _write(pipe, change)
        except OSError as error:
            self._lost += len(batch)
            self._client.close()
            self._client = None
            self._fail(error)
            return False
        return True

    def _tell_dropped(self) -> None:
        count = self.dropped
        if self._client is None or count == self._told:
            return
        news, self._told = count - self._told, count
        self._changes.append(("c", DROPPED, news))
        self._send_batch()

    def _fail(self, error: OSError) -> None:
        now_s = monotonic()
        self._retry_at_s = now_s + _RETRY_S
        if now_s >= self._logged_at_s + _LOG_INTERVAL_S:
            self._logged_at_s = now_s
            where = f"{self._target.protocol} {self._target.host}:{self._target.port}"
            self._log.warning(
                "StatsD at %s cannot be reached, metrics wait and are dropped from a point on: %s (statsd_addr)",
                where,
                error,
            )


def _write(pipe: Any, change: Change) -> None:
    kind, name, value = change
    writes: dict[str, Callable[[str, float], None]] = {"c": pipe.incr, "g": pipe.gauge, "ms": pipe.timing}
    writes[kind](name, int(value) if value == int(value) and kind != "ms" else value)

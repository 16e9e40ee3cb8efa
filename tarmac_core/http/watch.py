"""What a connection is doing, since when, and whether it takes too long over it."""

import time
from collections.abc import Callable
from enum import Enum, auto

from tarmac_core.http.settings import HttpSettings


class Phase(Enum):
    """Where a connection is in the life of a request."""

    FIRST = auto()
    """Opened; nothing of a request has come. The TLS handshake is in here."""
    IDLE = auto()
    """Answered; waiting for a further request."""
    HEADERS = auto()
    BODY = auto()
    RUNNING = auto()
    WRITING = auto()


class Watch:
    """One connection's phase. No timer runs: one sweep over all connections asks each `is_late`.

    Entering a phase costs two assignments, where a timer for each would cost more than parsing the headers.
    """

    __slots__ = (
        "_clock",
        "_header_bytes",
        "_limits_s",
        "_moved_bytes",
        "_step_bytes",
        "is_line_seen",
        "phase",
        "since_s",
    )

    def __init__(self, settings: HttpSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._step_bytes = settings.progress_bytes
        self._header_bytes = settings.max_header_bytes
        self._limits_s = limits_of(settings)
        self._moved_bytes = 0
        self.phase = Phase.FIRST
        self.since_s = clock()
        self.is_line_seen = False

    def enter(self, phase: Phase) -> None:
        """Begin a phase; its time starts now."""
        self.phase = phase
        self.since_s = self._clock()
        self._moved_bytes = 0
        if phase is Phase.IDLE:
            self.is_line_seen = False

    def on_read(self, buffer: bytearray, count_bytes: int) -> None:
        """Bytes have come from the client."""
        if self.phase is Phase.BODY:
            self._moved(count_bytes)
            return
        if self.phase is Phase.IDLE:
            self.enter(Phase.HEADERS)
        elif self.phase is Phase.FIRST:
            self.phase = Phase.HEADERS  # Its time runs from the connection's start, so that a handshake buys none.
        if self.phase is Phase.HEADERS and not self.is_line_seen:
            # A line that ends behind the limit is an over-long line, not a header too many.
            room_bytes = max(0, self._header_bytes - self._moved_bytes)
            self.is_line_seen = buffer.find(b"\n", 0, min(count_bytes, room_bytes)) >= 0
            self._moved_bytes += count_bytes

    def on_write(self, count_bytes: int) -> None:
        """The kernel has taken bytes for the client."""
        if self.phase is Phase.WRITING:
            self._moved(count_bytes)

    def is_late(self, now_s: float) -> bool:
        """Whether the phase has gone past its limit."""
        limit_s = self._limits_s.get(self.phase)
        return limit_s is not None and now_s - self.since_s > limit_s

    def _moved(self, count_bytes: int) -> None:
        self._moved_bytes += count_bytes
        if self._moved_bytes >= self._step_bytes:
            self._moved_bytes = 0
            self.since_s = self._clock()


def limits_of(settings: HttpSettings) -> dict[Phase, float]:
    """Seconds for each phase that has a limit; a running function has its own, elsewhere."""
    return {
        Phase.FIRST: settings.http_header_timeout_s,
        Phase.HEADERS: settings.http_header_timeout_s,
        Phase.IDLE: settings.http_idle_timeout_s,
        Phase.BODY: settings.http_body_timeout_s,
        Phase.WRITING: settings.http_write_timeout_s,
    }

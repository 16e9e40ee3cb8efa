"""What a guest says: console, stdout, stderr, trace and abort, as lines for the log."""

import struct

from tarmac_core.wapc import steps
from tarmac_core.wapc._fiber import Fiber
from tarmac_core.wapc.settings import Log

LONGEST_LINE_BYTES = 65536
MOST_LINES = 100  # of one write: 64 KiB may hold 65,536 of them, which would hold the loop for half a second
_STREAMS = {steps.STDOUT: "stdout", steps.STDERR: "stderr"}


class Output:
    """Lines of one instance. Bytes without a line's end wait for it, until `flush` or `LONGEST_LINE_BYTES`.

    Of one write (64 KiB at most) the first `MOST_LINES` are logged, and how many were left out.
    """

    __slots__ = ("_log", "_rest")

    def __init__(self, log: Log | None) -> None:
        self._log = log
        self._rest: dict[str, bytes] = {}

    def take(self, kind: int, fiber: Fiber) -> None:
        """Log what is pending."""
        if self._log is None:
            return
        if kind == steps.TRACE:
            self._log("trace", trace_text(fiber))
        elif kind == steps.CONSOLE:
            lines = decode(fiber.text()).splitlines() or [""]
            for line in lines[:MOST_LINES]:
                self._log("console", line)
            self._left_out("console", len(lines))
        else:
            self._write(_STREAMS[kind], fiber.text())

    def _left_out(self, stream: str, count: int) -> None:
        if self._log is not None and count > MOST_LINES:
            self._log(stream, f"({count - MOST_LINES} more lines of this write are left out)")

    def _write(self, stream: str, data: bytes) -> None:
        *lines, rest = (self._rest.pop(stream, b"") + data).split(b"\n")
        while len(rest) >= LONGEST_LINE_BYTES:
            lines.append(rest[:LONGEST_LINE_BYTES])
            rest = rest[LONGEST_LINE_BYTES:]
        if rest:
            self._rest[stream] = rest
        for line in lines[:MOST_LINES]:
            self._say(stream, line)
        self._left_out(stream, len(lines))

    def flush(self) -> None:
        """Log what waits for its line's end; after each call, so that calls do not mix."""
        while self._rest:
            self._say(*self._rest.popitem())

    def _say(self, stream: str, line: bytes) -> None:
        if self._log is not None:
            self._log(stream, decode(line.removesuffix(b"\r")))


def decode(data: bytes) -> str:
    """Text of a guest, which may be anything."""
    return data.decode("utf-8", "replace")


def abort_text(fiber: Fiber) -> str:
    """What AssemblyScript's `abort` was given: `message at file:line:column`."""
    text = fiber.text()
    (length,) = struct.unpack("I", fiber.read(steps.MESSAGE_LEN_AT, 4))
    line, column = struct.unpack("II", fiber.read(steps.NUMBERS_AT, 8))
    message, file = (part.decode("utf-16le", "replace") for part in (text[:length], text[length:]))
    return f"{message or 'no message'} at {file or 'unknown file'}:{line}:{column}"


def trace_text(fiber: Fiber) -> str:
    """What AssemblyScript's `trace` was given: its message and up to five numbers."""
    (count,) = struct.unpack("I", fiber.read(steps.NUMBERS_AT, 4))
    numbers = struct.unpack("5d", fiber.read(steps.FLOATS_AT, 40))[: min(count, 5)]
    message = fiber.text().decode("utf-16le", "replace")
    return f"{message} {', '.join(f'{number:g}' for number in numbers)}".rstrip()

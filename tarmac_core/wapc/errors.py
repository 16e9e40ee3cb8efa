"""What the engine raises."""

from typing import Literal

GuestErrorKind = Literal[
    "guest",
    "trap",
    "exit",
    "abort",
    "memory",
    "limit",
    "timeout",
    "cpu",
    "init",
    "queue_full",
    "closed",
]


_LONGEST_LINE = 4000


def one_line(text: str) -> str:
    """A guest's text for a message or a log: what is no printable character is escaped, and a long one is cut."""
    if len(text) > _LONGEST_LINE:
        text = f"{text[:_LONGEST_LINE]}... ({len(text)} characters)"
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class EngineError(Exception):
    """The engine itself cannot work here: a changed C interface, a limit of the machine, settings that contradict."""


class GuestLoadError(Exception):
    """A module cannot become a guest. The text names the module and says what is wrong with it."""


class GuestError(Exception):
    """A call that gave no answer.

    kind: `guest` (the function's own error, its text unchanged in `message`), `trap`, `exit`, `abort`, `memory` (ended
    with most of its memory in use), `limit` (a size), `timeout` (wall time), `cpu`, `init` (a start function failed),
    `queue_full`, `closed`.
    message: one line; of kind `guest` whatever the function said. detail: more for the log (wasm backtrace, text given to
    abort), or empty.
    exit_code: of kind `exit`, else None.
    """

    __slots__ = ("detail", "exit_code", "kind", "message")

    def __init__(self, kind: GuestErrorKind, message: str, detail: str = "", exit_code: int | None = None) -> None:
        message = message if kind == "guest" else one_line(message)
        super().__init__(message)
        self.exit_code = exit_code
        self.kind: GuestErrorKind = kind
        self.message = message
        self.detail = detail

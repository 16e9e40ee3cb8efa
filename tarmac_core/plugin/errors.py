"""What goes wrong, in the words that each reader may see."""

from dataclasses import dataclass
from typing import Literal

InvocationErrorKind = Literal["guest", "abnormal", "not_found", "too_large", "busy", "timeout", "depth", "stopping"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration; all of them are reported together.

    `where` names the key and its source (file and line, or variable), `what` is the fault, `remedy` what to do about it.
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.remedy})" if self.remedy else text


class OpenError(Exception):
    """What an `open` cannot do, raised by it in words made for the operator.

    The text names the setting, the server or file, what happened and the remedy, never a secret; core puts the plugin's
    name before it. Any other exception of an `open` is shown with its class and line.
    """


class BackendError(Exception):
    """A backend's failure in words that guests and clients may read: no secret, address or path of the host.

    The base of each capability's own error. `/ready?verbose` shows its text, and only the class of any other exception.
    """


class HostCallError(Exception):
    """A failed host call, raised by an operation's `decode` or `handler`; the guest may read every part of it.

    `code` is the Status code (400, 403, 404, 500, 501), `message` the text behind `__host_error`. `payload` are the bytes
    behind `__host_response`; an operation leaves it empty, since the encoder of its request fills it. Any other exception
    is logged and reaches the guest as `internal error`.
    """

    def __init__(self, code: int, message: str, *, payload: bytes = b"") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.payload = payload


class InvocationError(Exception):
    """A function call that gave no answer. `message` is fit for a client; what is not has been logged.

    `guest`: the function reported an error; `abnormal`: it trapped, exited or broke a memory or CPU limit; `not_found`: no
    such function; `too_large`: request over its limit; `busy`: its queue is full; `timeout`: the deadline passed;
    `depth`: calls nested too deeply; `stopping`: the server is stopping.
    """

    def __init__(self, kind: InvocationErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind: InvocationErrorKind = kind
        self.message = message

"""HTTP as plain objects, so that nothing behind the server knows which library reads the sockets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Framing and identity are the server's; a function that sets them would break the connection or lie about it.
SERVER_HEADERS = frozenset(
    (
        "connection",
        "content-length",
        "keep-alive",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-request-id",
    )
)
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_LATIN = re.compile(r"[^\x00-\xff]")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its body read completely.

    `path` is decoded; `route` is the pattern that matched and `parameters` its values; `query` keeps order and repeats;
    header names are lower case; `tls_subject` is the verified client certificate's subject or empty.
    """

    method: str
    path: str
    body: bytes = b""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    route: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    remote_address: str = ""
    tls_subject: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; a name may repeat in `headers`. Without a Content-Type the server sniffs one from the body."""

    code: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def header_fault(name: str, value: str) -> str:
    """What of a header HTTP cannot carry (RFC 9110, section 5), in words; empty when it is fit."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is not a header name"
    if _CONTROL.search(value):
        return f"header {name} holds a control character"
    return f"header {name} holds characters that HTTP cannot carry" if _NOT_LATIN.search(value) else ""

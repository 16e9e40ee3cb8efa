"""Headers of requests as Go's client writes them, and of answers as guests get them. Source: Go's package net/http."""

import re
from collections.abc import Iterable
from functools import lru_cache

from multidict import CIMultiDict

from tarmac_httpclient.faults import UnansweredError

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Of framing and identity: the client's own business. `Expect` would make it wait for servers that never say "continue".
_OWN = frozenset(("host", "content-length", "transfer-encoding", "trailer", "expect"))
_OF_FRAMING = frozenset(("transfer-encoding", "trailer"))
_OF_UNZIPPED = _OF_FRAMING | {"content-encoding", "content-length"}


def is_token(text: str) -> bool:
    """Whether the text may be a method or the name of a header."""
    return _TOKEN.fullmatch(text) is not None


def request_headers(given: Iterable[tuple[str, str]], *, user_agent: str) -> "CIMultiDict[str]":
    """Every value in order under its canonical name; raises `UnansweredError` for what a header cannot hold."""
    headers = CIMultiDict[str]()
    for name, value in given:
        if not is_token(name):
            raise UnansweredError(f'net/http: invalid header field name "{name}"')
        if _CONTROL.search(value):
            raise UnansweredError(f'net/http: invalid header field value for "{canonical(name)}"')
        if name.lower() not in _OWN:
            headers.add(canonical(name), _sendable(value))
    headers.setdefault("User-Agent", user_agent)
    if not headers["User-Agent"]:
        del headers["User-Agent"]
    return headers


def canonical(name: str) -> str:
    """`x-request-id` is `X-Request-Id`."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _sendable(value: str) -> str:
    return value.strip(" \t").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def wants_gzip(method: str, headers: "CIMultiDict[str]") -> bool:
    """Whether gzip is asked for, and undone, on behalf of the guest."""
    return "Accept-Encoding" not in headers and "Range" not in headers and method != "HEAD"


def reply_headers(raw: Iterable[tuple[bytes, bytes]], *, is_unzipped: bool) -> tuple[tuple[str, bytes], ...]:
    """Names in lower case; without those that no longer describe the body."""
    dropped = _OF_UNZIPPED if is_unzipped else _OF_FRAMING
    return tuple([(name, value) for given, value in raw if (name := _lower(given)) not in dropped])


@lru_cache(1024)
def _lower(name: bytes) -> str:
    return name.lower().decode("latin-1")

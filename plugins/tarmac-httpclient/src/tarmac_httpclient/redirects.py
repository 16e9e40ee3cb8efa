"""Where an answer sends a request next. Source: Go's package net/http, whose client the original uses."""

from collections.abc import Mapping
from typing import NamedTuple

from multidict import CIMultiDict
from yarl import URL

from tarmac_httpclient.faults import UnansweredError
from tarmac_httpclient.urls import Target, URLError, joined, read_url

MAX_REDIRECTS = 10

_KEEPS_METHOD = frozenset((307, 308))
_BECOMES_GET = frozenset((301, 302, 303))
_SECRET = ("Authorization", "Www-Authenticate", "Cookie", "Cookie2", "Proxy-Authorization", "Proxy-Authenticate")
_OF_BODY = ("Content-Type", "Content-Encoding", "Content-Language", "Content-Location")


class Hop(NamedTuple):
    """One request of a call. `headers` are the guest's, canonical."""

    method: str
    url: URL
    headers: "CIMultiDict[str]"
    body: bytes


def first_hop(method: str, target: Target, headers: "CIMultiDict[str]", body: bytes) -> Hop:
    """The guest's own request; a user in the URL counts where there is no Authorization."""
    return Hop(method, target.url, _authorized(headers, target), body)


def next_hop(hop: Hop, code: int, headers: Mapping[str, str]) -> Hop | None:
    """The request that follows an answer, None if the answer is the last one; raises `UnansweredError` for a bad Location."""
    location = headers.get("Location")
    if not location or code not in _KEEPS_METHOD | _BECOMES_GET:
        return None
    try:
        target = read_url(joined(hop.url, location))
    except ValueError as error:
        cause = error if isinstance(error, URLError) else f'parse "{location}": {error}'
        raise UnansweredError(f'failed to parse Location header "{location}": {cause}') from error
    kept = _kept_headers(hop, target.url)
    if code in _KEEPS_METHOD:
        return Hop(hop.method, target.url, _authorized(kept, target), hop.body)
    for name in _OF_BODY:
        kept.popall(name, None)
    return Hop("HEAD" if hop.method == "HEAD" else "GET", target.url, _authorized(kept, target), b"")


def _kept_headers(hop: Hop, url: URL) -> "CIMultiDict[str]":
    """The headers for the next server: secrets are for the first one and the names below it, and never lose their TLS."""
    kept = hop.headers.copy()
    old, new = hop.url.raw_host or "", url.raw_host or ""
    is_downgrade = hop.url.scheme == "https" and url.scheme == "http"
    if is_downgrade or not (new == old or new.endswith(f".{old}")):
        for name in _SECRET:
            kept.popall(name, None)
    if not is_downgrade:
        kept.setdefault("Referer", str(hop.url))
    return kept


def _authorized(headers: "CIMultiDict[str]", target: Target) -> "CIMultiDict[str]":
    if target.authorization:
        headers.setdefault("Authorization", target.authorization)
    return headers

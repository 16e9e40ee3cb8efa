"""URLs as guests write them, made into the one object that is checked and connected: there is no second parser to disagree.

Escapes stay as they are written, and what may not stand in a request line is escaped. Source: Go's package net/url, RFC 3986.
"""

import base64
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urljoin

from yarl import URL

from tarmac_httpclient.faults import UnansweredError

_MAX_KEPT_LENGTH = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PARTS = re.compile(r"//(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}")
_BAD_HOST = re.compile(r"[ \"%<>\\^`{|}@\[\]]")
_USER = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%]*")
_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?P<port>:[0-9]*)?")
_ESCAPED = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]]")


class URLError(ValueError):
    """Text that is no URL."""

    def __init__(self, text: str, cause: str) -> None:
        super().__init__(f'parse "{text}": {cause}')


class Target(NamedTuple):
    """Where a request goes. `url` has neither user information nor fragment; `authorization` is what the former asks for."""

    url: URL
    authorization: str


def read_url(text: str) -> Target:
    """Read an absolute http or https URL; raises `URLError` for no URL at all and `UnansweredError` for any other."""
    return _kept(text) if len(text) <= _MAX_KEPT_LENGTH else _read(text)


def _read(text: str) -> Target:
    if _CONTROL.search(text):
        raise URLError(text, "net/url: invalid control character in URL")
    if text.startswith(":"):
        raise URLError(text, "missing protocol scheme")
    match = _SCHEME.match(text)
    if match is None and ":" in text.partition("/")[0]:
        raise URLError(text, "first path segment in URL cannot contain colon")
    scheme = match[1].lower() if match else ""
    parts = _PARTS.match(text, match.end() if match else 0)
    if scheme not in ("http", "https"):
        raise UnansweredError(f'unsupported protocol scheme "{scheme}"')
    if parts is None or not parts["authority"]:
        raise UnansweredError("http: no Host in request URL")
    return _target(text, scheme, parts)


# Functions ask for the same few URLs again and again, and reading one takes as long as a third of the rest of a call.
_kept = lru_cache(1024)(_read)


def _target(text: str, scheme: str, parts: re.Match[str]) -> Target:
    bad_escape = _BAD_ESCAPE.search(parts["path"])
    if bad_escape:
        raise URLError(text, f'invalid URL escape "{bad_escape[0]}"')
    user, _, address = parts["authority"].rpartition("@")
    if not _USER.fullmatch(user):
        raise URLError(shown(text), "net/url: invalid userinfo")
    host, port = _host_and_port(text, address)
    try:
        url = URL.build(
            scheme=scheme,
            host=_raw_host(text, host),
            port=port,
            path=_escape(parts["path"]) or "/",
            query_string=_escape(parts["query"] or ""),
            encoded=True,
        )
    except ValueError as error:
        raise URLError(text, str(error)) from error
    return Target(url, _basic(user) if user else "")


def _host_and_port(text: str, address: str) -> tuple[str, int | None]:
    match = _PORT.fullmatch(address)
    if match is None:
        raise URLError(text, f'invalid port ":{address.rpartition(":")[2]}" after host')
    port = (match["port"] or "")[1:]
    if port and int(port) > 65_535:
        raise URLError(text, f'invalid port ":{port}" after host')
    if not match["host"]:
        raise UnansweredError("http: no Host in request URL")
    return match["host"], int(port) if port else None


def _raw_host(text: str, host: str) -> str:
    name = host[1:-1] if host.startswith("[") else host
    bad = _BAD_HOST.search(name)
    if bad or (host.startswith("[") and ":" not in name):
        raise URLError(text, f'invalid character "{bad[0] if bad else "["}" in host name')
    raw = URL.build(scheme="http", host=name).raw_host or ""
    return f"[{raw}]" if ":" in raw else raw


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _basic(user: str) -> str:
    name, _, password = user.partition(":")
    pair = unquote_to_bytes(_bytes(name)) + b":" + unquote_to_bytes(_bytes(password))
    return f"Basic {base64.b64encode(pair).decode('ascii')}"


def joined(base: URL, location: str) -> str:
    """The absolute form of a redirect's Location."""
    return urljoin(str(base), location)


def shown(text: str) -> str:
    """A URL for a message: without its password."""
    return re.sub(r"(//[^/?#@:]*:)[^/?#]*@", r"\1***@", text)

"""Addresses to listen on, written as Go writes them: `0.0.0.0:8443`, `:8080`, `[::1]:80`."""

from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

_NAMED_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535


class Address(NamedTuple):
    """Where to listen. An empty host is every interface; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str, *, default_port: int = 443) -> Address:
    """Read `host:port`. Empty text is every interface on `default_port`. Raises ValueError with words for the operator."""
    text = text.strip()
    if not text:
        return Address("", default_port)
    if "://" in text or "/" in text:
        raise ValueError("is a URL: write host:port alone, such as 0.0.0.0:8443")
    host, colon, port = text.rpartition(":")
    if not colon or (host.startswith("[") and not host.endswith("]")):
        raise ValueError("has no port: write host:port, such as 0.0.0.0:8443 or :8080")
    return Address(_host(host), _port(port))


def _host(text: str) -> str:
    if text.startswith("[") and text.endswith("]"):
        try:
            IPv6Address(text[1:-1])
        except AddressValueError:
            raise ValueError("has no IPv6 address between its brackets: write it like [::1]:8443") from None
        return text[1:-1]
    if ":" in text:
        raise ValueError("has too many colons: put an IPv6 address in brackets, such as [::1]:8443")
    if any(character.isspace() or character in "[]" for character in text):
        raise ValueError("has a host with a space or bracket: write host:port, such as 0.0.0.0:8443")
    return text


def _port(text: str) -> int:
    if text in _NAMED_PORTS:
        return _NAMED_PORTS[text]
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > _MAX_PORT:
        raise ValueError("has no valid port: use a number from 0 to 65535")
    return int(text)

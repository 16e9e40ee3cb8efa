"""Patterns of hosts in a grant: `api.example.com`, `*.example.org:8443`, `[2001:db8::1]`, `*`."""

import ipaddress
import re
from dataclasses import dataclass

_LABELS = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)
_HINT = "write api.example.com, *.example.com, an address or *, each with or without :port"


@dataclass(frozen=True, slots=True)
class HostPattern:
    """One pattern. `name` is in the form of `plain_host`, without its `*.` where `is_wildcard`; `port` 0 is every port."""

    name: str
    is_wildcard: bool
    port: int

    @classmethod
    def read(cls, text: str) -> "HostPattern":
        """Read what an operator wrote; raises ValueError that says how to write it."""
        host, port = _split_port(text.strip(), text)
        if host == "*":
            return cls("", is_wildcard=True, port=port)
        is_wildcard = host.startswith("*.")
        name = _ascii_name(host.removeprefix("*."), text)
        if is_wildcard and _is_address(name):
            raise ValueError(f"{text!r} is not a host: an address has no wildcard")
        return cls(name, is_wildcard, port)

    def matches(self, host: str, port: int) -> bool:
        """Whether it covers this host, in the form of `plain_host`. `*.example.org` does not cover `example.org`."""
        if self.port not in (0, port):
            return False
        if not self.is_wildcard:
            return host == self.name
        # A name that is an address in other clothes has no subdomains.
        return not self.name or (host.endswith(f".{self.name}") and len(host) > len(self.name) + 1)


def plain_host(host: str) -> str:
    """The one spelling of a host that patterns are compared with: lower case, no final dot, addresses shortened."""
    name = host.lower().removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.removesuffix(".")


def _split_port(text: str, whole: str) -> tuple[str, int]:
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{whole!r} is not a host: {_HINT}")
        return host + bracket, _port(rest[1:], whole) if rest else 0
    if text.count(":") > 1:
        return text, 0
    host, colon, port = text.partition(":")
    return host, _port(port, whole) if colon else 0


def _port(text: str, whole: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise ValueError(f"{whole!r} is not a host: its port must be 1 to 65535")
    return int(text)


def _ascii_name(host: str, whole: str) -> str:
    name = plain_host(host)
    if _is_address(name):
        return name
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"{whole!r} is not a host: {_HINT}") from None
    if not _LABELS.fullmatch(name):
        raise ValueError(f"{whole!r} is not a host: {_HINT}")
    return name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

"""`host:port` as settings spell it."""

from typing import NamedTuple

REDIS_PORT = 6379
SENTINEL_PORT = 26379


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, default_port: int) -> Address:
    """Read `host`, `host:port`, `[IPv6]` or `[IPv6]:port`. Raises ValueError that says what is expected."""
    host, port_text = _split(text.strip())
    if not host or "/" in host or "@" in host or any(character.isspace() for character in host):
        raise ValueError("is not host:port")
    if not port_text:
        return Address(host, default_port)
    if not (port_text.isascii() and port_text.isdigit() and 0 < int(port_text) < 65536):
        raise ValueError("is not host:port: the port must be 1 to 65535")
    return Address(host, int(port_text))


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        is_whole = closed and (not rest or rest.startswith(":"))
        return (host, rest[1:]) if is_whole else ("", "")
    if text.count(":") > 1:
        return text, ""
    host, _, port = text.partition(":")
    return host, port

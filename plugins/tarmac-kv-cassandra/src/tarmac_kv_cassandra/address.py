"""`host` and `host:port` as settings spell them."""

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit


class Address(NamedTuple):
    """Where a node listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, default_port: int) -> Address:
    """Read `host`, `host:port`, `IPv6`, `[IPv6]` or `[IPv6]:port`. Raises ValueError that says what is expected."""
    try:
        parts = urlsplit(f"//[{text}]" if _is_bare_ipv6(text) else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not host or host:port") from None
    if not host or port == 0 or parts.netloc.endswith(":") or any(sign in text for sign in "/@?#"):
        raise ValueError("is not host or host:port")
    return Address(host, port or default_port)


def _is_bare_ipv6(text: str) -> bool:
    try:
        return ip_address(text).version == 6
    except ValueError:
        return False

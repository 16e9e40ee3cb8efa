"""Servers as settings spell them: `nats://host:port`, perhaps with a login."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

PORT = 4222
_SCHEMES = {"nats": False, "tls": True}


class Address(NamedTuple):
    """Where a server listens, whether it must speak TLS, and the login that the URL holds."""

    host: str
    port: int
    is_tls: bool
    user: str
    password: str | None

    def __str__(self) -> str:
        """Scheme, host and port: what may be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls' if self.is_tls else 'nats'}://{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read `host`, `host:port`, or either behind `nats://` or `tls://` and a login.

    Raises ValueError that says what is expected, without the text, which may hold a password.
    """
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"nats://{text}")
        port = PORT if parts.port is None else parts.port
    except ValueError as error:
        raise ValueError("is not nats://host:port: the port must be 1 to 65535") from error
    if parts.scheme not in _SCHEMES:
        raise ValueError("is not nats://host:port or tls://host:port; other ways to NATS are not supported")
    if not parts.hostname or parts.path.strip("/") or parts.query or any(map(str.isspace, text)) or port == 0:
        raise ValueError("is not nats://host:port")
    password = None if parts.password is None else unquote(parts.password)
    return Address(parts.hostname, port, _SCHEMES[parts.scheme], unquote(parts.username or ""), password)

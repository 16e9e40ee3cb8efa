"""The ways to say where Consul is."""

from dataclasses import dataclass
from urllib.parse import urlsplit

HTTP_PORT = 8500
HTTPS_PORT = 8501


@dataclass(frozen=True, slots=True)
class Address:
    """Where Consul's HTTP API is: a base URL without path, or a unix socket, which then has no host."""

    scheme: str
    host: str = ""
    port: int = 0
    socket_path: str = ""

    @property
    def url(self) -> str:
        """The URL before the path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}" if host else f"{self.scheme}://consul"


def parse_address(text: str, *, tls: bool) -> Address:
    """Read `host`, `host:port`, `http://host`, `https://host` or `unix:///path`; raises ValueError with what is wrong.

    Without a scheme the port is Consul's own if left out, with one that of HTTP or HTTPS. `tls` is for the first two and the
    last.
    """
    scheme, found, rest = text.strip().partition("://")
    default = "https" if tls else "http"
    if not found:
        return _network(default, scheme, HTTPS_PORT if tls else HTTP_PORT)
    if scheme == "unix":
        if not rest.startswith("/"):
            raise ValueError("is no path of a socket: write unix:///path")
        return Address(default, socket_path=rest)
    if scheme not in {"http", "https"}:
        raise ValueError("is not host:port, http://, https:// or unix://")
    if tls and scheme == "http":
        raise ValueError("says http:// where consul_tls asks for TLS: write https://")
    return _network(scheme, rest.removesuffix("/"), 443 if scheme == "https" else 80)


def _network(scheme: str, text: str, default_port: int) -> Address:
    if not text or "@" in text or set(text) & set("/?#\\") or any(character.isspace() for character in text):
        raise ValueError("is not host:port (no user, path or query: consul_token holds the secret)")
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        raise ValueError("is not host:port: the port must be 1 to 65535") from None
    if not parts.hostname or port == 0:
        raise ValueError("is not host:port")
    return Address(scheme, parts.hostname, port or default_port)

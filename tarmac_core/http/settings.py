"""What the HTTP room is told, and what it says when an address or a file cannot be used."""

from dataclasses import dataclass
from pathlib import Path


class ListenError(Exception):
    """A listener cannot be opened; the message names the address and what to do."""


class TlsError(Exception):
    """A certificate, key or authority file cannot be used; the message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files of a TLS listener.

    With `ca_file` clients must show a certificate of that authority; with `ignore_client_cert` too, they may show none,
    but one that is shown must be right.
    """

    cert_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    ignore_client_cert: bool = False

    def all(self) -> tuple[Path, ...]:
        """Every file that is named."""
        return tuple(file for file in (self.cert_file, self.key_file, self.ca_file) if file is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Addresses, limits and time-outs of one server.

    Addresses are pairs of host and port; an empty host is every interface, port 0 lets the system choose. With
    `admin_listen` a second listener, always without TLS, serves probes, metrics and the routes that plugins made for it,
    and the first one no longer does.

    `http_header_timeout_s` runs from the connection's start, or a later request's first byte, to the end of its headers,
    TLS handshake included; `http_idle_timeout_s` is the wait for a further request. `http_body_timeout_s` and
    `http_write_timeout_s` start again with every `progress_bytes` that were moved, so that a long transfer may take its
    time and a trickling one may not.
    """

    listen: tuple[str, int] = ("0.0.0.0", 8443)  # noqa: S104 - the address that deployments of the Go server expect
    admin_listen: tuple[str, int] | None = None
    tls: TlsFiles | None = None
    tls_poll_interval_s: float = 5.0
    max_request_bytes: int = 64 * 1024 * 1024
    max_header_bytes: int = 64 * 1024
    http_header_timeout_s: float = 10.0
    http_idle_timeout_s: float = 75.0
    http_body_timeout_s: float = 60.0
    http_write_timeout_s: float = 60.0
    progress_bytes: int = 256 * 1024
    listen_backlog_count: int = 1024

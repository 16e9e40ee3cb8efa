"""Everything that a connection needs to know: the address, its options and the settings, joined."""

import ssl
from dataclasses import dataclass, field

from tarmac_sql.dsn import Address

from tarmac_sql_mysql.address import place, read
from tarmac_sql_mysql.options import Options, read_options
from tarmac_sql_mysql.settings import MySQLSettings
from tarmac_sql_mysql.tls import TlsFiles, tls_context

_GRACE_S = 1.0


@dataclass(frozen=True, slots=True)
class Server:
    """One server, one user. `limit_s` is the statement's time limit as the server is told it, 0 for none."""

    address: Address = field(repr=False)
    options: Options
    tls: ssl.SSLContext | None
    tls_is_required: bool
    connect_timeout_s: float
    limit_s: float
    is_go: bool
    is_read_only: bool

    @property
    def place(self) -> str:
        """In words, for messages."""
        return place(self.address)


def read_server(settings: MySQLSettings) -> Server:
    """Join them. Raises `MySQLOpenError` for certificate files that cannot be used."""
    address = read(settings.dsn.get_secret_value())
    options = read_options(address.options)
    mode = options.tls or ("on" if options.ca_file else settings.tls)
    verify_host = settings.hostname_verify if options.hostname_verify is None else options.hostname_verify
    files = TlsFiles(
        options.ca_file or settings.tls_ca_file,
        options.cert_file or settings.tls_cert_file,
        options.key_file or settings.tls_key_file,
    )
    limit_ms = settings.statement_timeout_ms
    return Server(
        address=address,
        options=options,
        tls=None if mode == "off" else tls_context(files, is_verified=mode == "on", checks_host=verify_host),
        tls_is_required=mode in ("on", "skip-verify"),
        connect_timeout_s=options.connect_timeout_s or settings.connect_timeout,
        # Only a backstop: it ends what could not be stopped over a second connection.
        limit_s=limit_ms / 1000 + _GRACE_S if limit_ms else 0.0,
        is_go=settings.values == "go",
        is_read_only=settings.read_only,
    )


def limited(settings: MySQLSettings) -> MySQLSettings:
    """The settings with the least of their time limit and the DSN's `readTimeout` and `writeTimeout`."""
    limit_s = read_options(read(settings.dsn.get_secret_value()).options).statement_timeout_s
    limits_ms = [one for one in (settings.statement_timeout_ms, round((limit_s or 0) * 1000)) if one]
    return settings.model_copy(update={"statement_timeout_ms": min(limits_ms, default=0)})

"""TLS: one context for all connections, made once, so that wrong files are found at the start."""

import ssl
from typing import NamedTuple

from tarmac_sql_mysql.faults import MySQLOpenError


class TlsFiles(NamedTuple):
    """PEM files; empty ones are not used."""

    ca: str
    cert: str
    key: str


def tls_context(files: TlsFiles, *, is_verified: bool, checks_host: bool) -> ssl.SSLContext:
    """The client's side. Raises `MySQLOpenError` naming the setting whose file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=files.ca or None)
    except OSError as error:
        raise MySQLOpenError("sql_tls_ca_file", f"{files.ca} cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = is_verified and checks_host
    context.verify_mode = ssl.CERT_REQUIRED if is_verified else ssl.CERT_NONE
    if files.cert:
        try:
            context.load_cert_chain(files.cert, files.key or None, password=_no_password)
        except (OSError, ValueError) as error:
            raise MySQLOpenError("sql_tls_cert_file, sql_tls_key_file", f"cannot be used: {error}") from error
    return context


def _no_password() -> str:
    # Without this OpenSSL asks on the terminal.
    raise ValueError("the key is encrypted; only keys without a password can be used")

"""TLS: one context for all connections, made once, so that wrong files are found at the start."""

import ssl

from tarmac_kv_cassandra.faults import CassandraOpenError
from tarmac_kv_cassandra.settings import CassandraSettings


def tls_context(settings: CassandraSettings) -> ssl.SSLContext | None:
    """The client's side, None without TLS. Raises `CassandraOpenError` naming the setting whose file cannot be used."""
    if not settings.tls:
        return None
    context = _trusting(settings.tls_ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = settings.hostname_verify and settings.tls_verify
    context.verify_mode = ssl.CERT_REQUIRED if settings.tls_verify else ssl.CERT_NONE
    if settings.tls_cert_file:
        _identify(context, settings)
    return context


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise CassandraOpenError("cassandra_tls_ca_file", f"{ca_file} cannot be used: {error}") from error


def _identify(context: ssl.SSLContext, settings: CassandraSettings) -> None:
    try:
        context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file or None, password=_no_password)
    except (OSError, ValueError) as error:
        where = "cassandra_tls_cert_file, cassandra_tls_key_file"
        raise CassandraOpenError(where, f"cannot be used: {error}") from error


def _no_password() -> str:
    # Without this OpenSSL asks on the terminal.
    raise ValueError("the key is encrypted; only keys without a password can be used")

"""TLS: one context for all connections, made once, so that wrong files are found at the start."""

import ssl

from tarmac_kv_nats.faults import NatsOpenError
from tarmac_kv_nats.settings import NatsSettings


def tls_context(settings: NatsSettings) -> ssl.SSLContext:
    """The client's side. Raises `NatsOpenError` naming the setting whose file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file or None)
    except OSError as error:
        raise NatsOpenError("nats_tls_ca_file", f"{settings.tls_ca_file} cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = not settings.skip_tls_verify
    context.verify_mode = ssl.CERT_NONE if settings.skip_tls_verify else ssl.CERT_REQUIRED
    if settings.tls_cert_file:
        try:
            context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file or None, password=_no_password)
        except (OSError, ValueError) as error:
            raise NatsOpenError("nats_tls_cert_file, nats_tls_key_file", f"cannot be used: {error}") from error
    return context


def _no_password() -> str:
    # Without this OpenSSL asks on the terminal.
    raise ValueError("the key is encrypted; only keys without a password can be used")

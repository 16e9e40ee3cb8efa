"""TLS: one context, made at the start, so that wrong files are found there."""

import ssl

from tarmac_config_consul.faults import ConsulRefusalError
from tarmac_config_consul.settings import ConsulSettings


def tls_context(settings: ConsulSettings) -> ssl.SSLContext:
    """The client's side. Raises `ConsulRefusalError` naming the setting whose file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file or None)
    except OSError as error:
        raise ConsulRefusalError(f"consul_tls_ca_file: {settings.tls_ca_file} cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = settings.tls_verify
    context.verify_mode = ssl.CERT_REQUIRED if settings.tls_verify else ssl.CERT_NONE
    if settings.tls_cert_file:
        try:
            context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file or None, password=_no_password)
        except (OSError, ValueError) as error:
            raise ConsulRefusalError(f"consul_tls_cert_file, consul_tls_key_file: cannot be used: {error}") from error
    return context


def _no_password() -> str:
    # Without this OpenSSL asks on the terminal.
    raise ValueError("the key is encrypted; only keys without a password can be used")

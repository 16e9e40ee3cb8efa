"""Failures in words, for the operator: the server, the setting, the remedy; never the token."""

import socket
import ssl
from collections.abc import Iterator

import aiohttp

from tarmac_core.plugin import OpenError


class ConsulError(OpenError):
    """Consul gave no settings."""


class ConsulAwayError(ConsulError):
    """Consul cannot be asked, or cannot answer now: what it said last still holds."""


class ConsulRefusalError(ConsulError):
    """Consul, or what runs in its place, does not give the key: somebody has to mend something."""


def unanswered(error: BaseException, *, limit_s: float) -> ConsulError:
    """What a request that got no answer means."""
    for cause in _causes(error):
        if found := _connecting(cause):
            return found
    if isinstance(error, TimeoutError):
        return ConsulAwayError(f"no answer within {limit_s:g} s (consul_timeout)")
    if isinstance(error, aiohttp.ClientResponseError):
        return ConsulRefusalError(f"the answer is no HTTP: {error.message} (consul_addr, consul_tls)")
    return ConsulAwayError(f"the connection was cut: {error or type(error).__name__}")


def answered(status: int, text: str) -> ConsulError:
    """What an answer without the key means; `text` is the server's own."""
    if status in {401, 403}:
        return ConsulRefusalError(f"may not be read: {text} (consul_token, or CONSUL_HTTP_TOKEN)")
    if status == 429 or status >= 500:
        return ConsulAwayError(f"Consul cannot answer: {status} {text} (consul_datacenter, if it is set, must exist)")
    return ConsulRefusalError(f"the server answers {status} {text} (consul_addr, consul_tls, consul_namespace)")


NOT_CONSUL = "the answer is not Consul's: it has no X-Consul-Index (consul_addr)"
MISSING = "does not exist (consul_keys_prefix, consul_namespace, consul_datacenter)"


def _connecting(cause: BaseException) -> ConsulError | None:
    match cause:
        case ssl.SSLCertVerificationError():
            settings = "consul_tls_ca_file, consul_tls_server_name"
            return ConsulRefusalError(f"the server's certificate is refused: {cause.verify_message} ({settings})")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return ConsulAwayError("the connection was cut during the TLS handshake")
        case ssl.SSLError():
            reason = cause.reason or str(cause)
            return ConsulRefusalError(f"TLS failed: {reason} (consul_tls, consul_tls_cert_file)")
        case socket.gaierror():
            return ConsulAwayError(f"the host name cannot be looked up: {cause.strerror} (consul_addr)")
        case ConnectionRefusedError() | FileNotFoundError():
            return ConsulAwayError(f"nothing listens there: {cause.strerror} (consul_addr)")
        case _:
            return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """What lies below the driver's own errors, which are of the same kinds and lack what these know."""
    while error is not None:
        if not isinstance(error, aiohttp.ClientError):
            yield error
        error = error.__cause__ or error.__context__

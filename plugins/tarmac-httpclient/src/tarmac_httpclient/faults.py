"""What went wrong, in the words that guests read: those of the original, with causes in Go's manner."""

import aiohttp

from tarmac_core.plugin import HostCallError


class RefusedError(Exception):
    """The function may not do this; `rule` names what forbids it."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class UnansweredError(Exception):
    """No answer can be had; the text is the cause."""


def refused(error: RefusedError) -> HostCallError:
    """What the grant or the configuration forbids."""
    return HostCallError(403, error.rule)


def not_created(cause: object) -> HostCallError:
    """A method or URL that makes no request."""
    return HostCallError(400, f"Unable to create HTTP request - {cause}")


def not_executed(method: str, url: str, cause: str) -> HostCallError:
    """A request without an answer."""
    return HostCallError(500, f'Unable to execute HTTP request - {method.capitalize()} "{url}": {cause}')


def not_read(cause: str) -> HostCallError:
    """An answer whose body broke off."""
    return HostCallError(500, f"Unexpected error reading HTTP response body - {cause}")


TIMEOUT_OF_ANSWER = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
TIMEOUT_OF_BODY = "context deadline exceeded (Client.Timeout or context cancellation while reading body)"


def cause_of(error: Exception) -> str:
    """A short text without secrets: aiohttp's own may show the proxy's URL."""
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        return _not_connected(error)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"proxy answered {error.status}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "unexpected EOF"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"malformed HTTP response: {' '.join(error.message.split())[:200] or error.status}"
    return str(error) or type(error).__name__


def _not_connected(error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        inner = error.certificate_error
        return f"tls: failed to verify certificate: {getattr(inner, 'verify_message', inner)}"
    reason = error.os_error.strerror or str(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {error.host}: {reason}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"proxyconnect tcp: {reason}"
    return f"dial tcp {error.host}:{error.port}: {reason}"

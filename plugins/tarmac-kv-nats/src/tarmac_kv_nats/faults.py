"""Failures in words: all of it for the operator, without addresses for guests."""

import socket
import ssl

import nkeys  # type: ignore[import-untyped]
from nats import errors
from nats.js.errors import APIError, NotFoundError, ServerError, ServiceUnavailableError
from tarmac_kv import KVError

from tarmac_core.plugin import OpenError
from tarmac_kv_nats.settings import NatsSettings

_LOGIN = "nats_user, nats_password, nats_token, nats_credentials_file, nats_nkey_seed_file"
_CUT = "the server cut the connection (at a start: does nats_tls_cert_file fit the server?)"
_LOGIN_SIGNS = ("authorization violation", "authentication", "account", "revoked")


class NatsOpenError(OpenError):
    """The store cannot be opened; names setting and server."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class ClosedError(Exception):
    """The store is closed, by us."""


class AwayError(errors.Error):
    """There is no connection now; the text, if any, is what `in_words` said of the reason."""


class BusyError(errors.Error):
    """Too much waits to be sent."""


class DeniedError(errors.Error):
    """The user lacks a permission; the text is the server's."""


TOLD = (ClosedError, AwayError, errors.ConnectionClosedError, errors.OutboundBufferLimitError)
"""Consequences of an end of the connection that has been logged already."""

FAILURES = (ClosedError, errors.Error, TimeoutError, OSError, OpenError, nkeys.NkeysError)
"""All that a request or an attempt to connect may raise."""


def is_outage(error: BaseException) -> bool:
    """Whether the server could not be asked or did not answer; all else is an answer that says no."""
    return not (isinstance(error, DeniedError | BusyError) or _is_answer(error))


def _is_answer(error: BaseException) -> bool:
    """Whether JetStream says no in words; where nobody listens the driver makes an error without any."""
    return isinstance(error, APIError) and not isinstance(error, ServerError) and error.description is not None


def in_words(error: BaseException, settings: NatsSettings) -> str:
    """What went wrong and which setting it concerns, for the log and for the start; without secrets."""
    return _connecting_in_words(error, settings) or _answer_in_words(error, settings)


def _connecting_in_words(error: BaseException, settings: NatsSettings) -> str:
    words = ""
    match error:
        case ssl.SSLCertVerificationError():
            words = f"its certificate is refused: {error.verify_message} (nats_tls_ca_file, nats_tls_hostname)"
        case ssl.SSLError():
            reason = error.reason or "the connection was cut"
            words = f"TLS failed: {reason} (nats_tls_cert_file, nats_tls_first; does the server speak TLS?)"
        case errors.SecureConnWantedError():
            words = "it offers no TLS, so nothing was told to it (nats_tls, nats_tls_first, tls:// in the URL)"
        case errors.UnexpectedEOF() | ConnectionResetError() | BrokenPipeError():
            words = _CUT
        case socket.gaierror():
            words = f"the host name cannot be resolved: {error.strerror}"
        case TimeoutError():
            limits = {"connect": settings.connect_timeout, "request": settings.request_timeout}
            told = ", ".join(f"nats_{name}_timeout {limit_s:g} s" for name, limit_s in limits.items())
            words = f"no answer in time ({told})"
    return words


def _answer_in_words(error: BaseException, settings: NatsSettings) -> str:
    words = str(error).removeprefix("nats: ") or type(error).__name__
    match error:
        case errors.NoRespondersError() | ServiceUnavailableError(description=None):
            words = f"JetStream does not answer for the bucket {settings.bucket} (is it on there, and not full?)"
        case NotFoundError():
            words = f"there is no bucket {settings.bucket} any more (nats_bucket)"
        case APIError():
            words = f"JetStream refuses: {error.description} (nats_bucket {settings.bucket})"
        case DeniedError():
            words = f"the user may not do this: {words} ({_LOGIN})"
        case nkeys.NkeysError():
            words = f"the key cannot be used: {words} (nats_credentials_file, nats_nkey_seed_file)"
        case errors.Error() if any(sign in words.lower() for sign in _LOGIN_SIGNS):
            words = f"the login is refused: {words} ({_LOGIN})"
    return words


def for_guests(error: BaseException) -> KVError:
    """The same for guests, who must read no address and no secret."""
    match error:
        case ClosedError():
            words = "the store is closed"
        case DeniedError():
            words = "the store refuses this user"
        case TimeoutError():
            words = "the store did not answer in time"
        case BusyError():
            words = "the store is too slow, too much waits to be sent to it"
        case ServerError():
            # Its words may hold a path.
            words = "the store failed"
        case APIError() if _is_answer(error):
            words = f"the store refused: {error.description}"
        case _:
            words = "the store cannot be reached"
    return KVError(words)

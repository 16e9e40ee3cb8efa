"""Failures in words: all of it for the operator, without addresses for guests."""

import re
import socket
import ssl
from collections.abc import Iterator

from redis import exceptions
from tarmac_kv import KVError

from tarmac_core.plugin import OpenError
from tarmac_kv_redis.settings import RedisSettings

UNREACHABLE = (exceptions.ConnectionError, exceptions.TimeoutError, TimeoutError, OSError)
"""The server cannot be asked, or does not answer; all else is an answer that says no."""

_CUT = "the server cut the connection (at a start: do redis_tls and redis_tls_cert_file fit the server?)"

_LOGIN = (exceptions.AuthenticationError, exceptions.AuthenticationWrongNumberOfArgsError)


class RedisOpenError(OpenError):
    """The store cannot be opened; names setting and server."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class PoolTimeoutError(Exception):
    """No connection became free in time."""


def in_words(error: BaseException, settings: RedisSettings) -> str:
    """What went wrong and which setting it concerns, for the log and for the start; without secrets."""
    for cause in _causes(error):
        if words := _connecting_in_words(cause):
            return words
    return _answer_in_words(error, settings)


def _connecting_in_words(cause: BaseException) -> str:
    match cause:
        case ssl.SSLCertVerificationError():
            return f"its certificate is refused: {cause.verify_message} (redis_tls_ca_file, redis_hostname_verify)"
        case ssl.SSLError():
            reason = cause.reason or "the connection was cut"
            return f"TLS failed: {reason} (redis_tls_cert_file, redis_tls; does the server speak TLS?)"
        case ConnectionResetError() | BrokenPipeError():
            return _CUT
        case socket.gaierror():
            return f"the host name cannot be resolved: {cause.strerror}"
        case _:
            return ""


def _answer_in_words(error: BaseException, settings: RedisSettings) -> str:
    text = _without_clients(str(error) or type(error).__name__)
    match error:
        case exceptions.AuthenticationError() | exceptions.AuthenticationWrongNumberOfArgsError():
            text = f"the login is refused: {text} (redis_user, redis_password)"
        case exceptions.NoPermissionError():
            text = f"the user may not do this: {text} (redis_user)"
        case PoolTimeoutError():
            text = f"no connection was free within {settings.pool_timeout:g} s (redis_max_active, redis_pool_timeout)"
        case exceptions.TimeoutError() | TimeoutError():
            text = f"no answer in time ({_time_limits(settings)})"
        case exceptions.ConnectionError() if "Connection closed by server" in text:
            text = _CUT
        case exceptions.ConnectionError() if "No master found" in text and "Authentication" in text:
            text = f"{text} (redis_sentinel_user, redis_sentinel_password)"
        case exceptions.ResponseError() if "DB index" in text:
            text = f"the server has no such database: {text} (redis_database)"
    return text


def _time_limits(settings: RedisSettings) -> str:
    limits = {"connect": settings.connect_timeout, "write": settings.write_timeout, "read": settings.read_timeout}
    hint = "; does the server speak TLS, as redis_tls says?" if settings.tls else ""
    return ", ".join(f"redis_{name}_timeout {limit_s:g} s" for name, limit_s in limits.items()) + hint


def _without_clients(text: str) -> str:
    """The driver names each sentinel by the whole of its settings; the addresses of the failures are enough."""
    return re.sub(r"<redis\.asyncio\.client\.Redis\(.*?\)>\)>\)> - ", "", text)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def for_guests(error: BaseException, settings: RedisSettings) -> KVError:
    """The same for guests, who must read no address and no secret."""
    match error:
        case PoolTimeoutError():
            return KVError("no connection to the store was free in time")
        case exceptions.TimeoutError() | TimeoutError():
            return KVError("the store did not answer in time")
        case _ if isinstance(error, (*_LOGIN, exceptions.NoPermissionError)):
            return KVError("the store refuses this user")
        case _ if isinstance(error, UNREACHABLE):
            return KVError("the store cannot be reached")
        case _:
            return KVError(f"the store refused: {error}")

"""Failures in words: all of it for the operator, without addresses for guests."""

import re
import ssl
from collections.abc import Iterator

import cassandra
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionBusy, ConnectionException, ProtocolError
from cassandra.protocol import ErrorMessage
from tarmac_kv import KVError

from tarmac_core.plugin import OpenError
from tarmac_kv_cassandra.connection import LoginRefusedError
from tarmac_kv_cassandra.settings import CassandraSettings

FAILURES = (
    NoHostAvailable,
    cassandra.DriverException,
    ErrorMessage,
    ConnectionException,
    ConnectionBusy,
    ProtocolError,
    OSError,
)
"""All that the driver raises."""

_NO_NODE = (NoHostAvailable, ConnectionException, ConnectionBusy, ProtocolError, OSError)
_LATE = (cassandra.OperationTimedOut, cassandra.Timeout, TimeoutError)
_SERVER_TEXT = re.compile(r'Error from server: code=\w+ \[[^]]*\] message="(.*)"(?: info=.*)?', re.DOTALL)


class CassandraOpenError(OpenError):
    """The store cannot be opened; names setting and server."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class QueueTimeoutError(Exception):
    """Too many requests were on their way for too long."""


def is_outage(error: BaseException) -> bool:
    """Whether the cluster could not be asked or did not answer; all else is an answer that says no."""
    return isinstance(_cause(error), (*_NO_NODE, *_LATE, cassandra.Unavailable, cassandra.CoordinationFailure))


def in_words(error: BaseException, settings: CassandraSettings) -> str:
    """What went wrong and which setting it concerns, for the log and for the start; without secrets."""
    if isinstance(error, NoHostAvailable) and isinstance(error.errors, dict) and error.errors:
        nodes = (f"{node}: {_node_in_words(cause, settings)}" for node, cause in error.errors.items())
        return "no node can be asked: " + "; ".join(nodes)
    return _node_in_words(error, settings)


def _node_in_words(error: BaseException, settings: CassandraSettings) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            what = f"its certificate is refused: {error.verify_message}"
            return f"{what} (cassandra_tls_ca_file, cassandra_hostname_verify)"
        case ssl.SSLError():
            what = f"TLS failed: {error.reason or 'the connection was cut'}"
            return f"{what} (cassandra_tls_cert_file, cassandra_tls; does the node speak TLS?)"
        case LoginRefusedError():
            return f"the login is refused: {_text(error)} (cassandra_user, cassandra_password)"
        case cassandra.Unauthorized():
            return f"the user may not do this: {_text(error)} (cassandra_user)"
        case cassandra.Unavailable():
            return f"too few replicas are alive: {_text(error)} (cassandra_consistency, cassandra_replicas)"
        case cassandra.Timeout() | cassandra.CoordinationFailure():
            return f"too few replicas have answered: {_text(error)} (cassandra_consistency)"
        case cassandra.OperationTimedOut() | TimeoutError():
            return f"no answer in time ({_time_limits(settings)})"
        case ConnectionException() | ConnectionResetError() | BrokenPipeError():
            return f"{_text(error)} (at a start: do cassandra_tls and cassandra_tls_cert_file fit the node?)"
        case OSError():
            return error.strerror or _text(error)
        case QueueTimeoutError():
            limits = f"cassandra_max_active {settings.max_active}, cassandra_pool_timeout {settings.pool_timeout:g} s"
            return f"too many requests are on their way ({limits})"
        case _:
            return _text(error)


def _time_limits(settings: CassandraSettings) -> str:
    limits = {"connect": settings.connect_timeout, "request": settings.request_timeout}
    hint = "; does the node speak TLS, as cassandra_tls says?" if settings.tls else ""
    return ", ".join(f"cassandra_{name}_timeout {limit_s:g} s" for name, limit_s in limits.items()) + hint


def for_guests(error: BaseException) -> KVError:
    """The same for guests, who must read no address and no secret."""
    match _cause(error):
        case QueueTimeoutError():
            return KVError("too many requests to the store are on their way")
        case cassandra.Unavailable():
            return KVError("too few replicas of the store are alive")
        case cassandra.CoordinationFailure():
            return KVError("too few replicas of the store have done it")
        case cassandra.Unauthorized() | LoginRefusedError():
            return KVError("the store refuses this user")
        case cause if isinstance(cause, _LATE):
            return KVError("the store did not answer in time")
        case cause if isinstance(cause, _NO_NODE):
            return KVError("the store cannot be reached")
        case cause:
            return KVError(f"the store refused: {_text(cause)}")


def _cause(error: BaseException) -> BaseException:
    """Behind "no node": what a node answered, if one did."""
    causes = list(_causes(error))
    return next((cause for cause in causes if not isinstance(cause, _NO_NODE) or isinstance(cause, _LATE)), error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, NoHostAvailable) and isinstance(error.errors, dict):
        yield from error.errors.values()
    else:
        yield error


def _text(error: BaseException) -> str:
    """The server's own words, where it has some."""
    if isinstance(error, ErrorMessage):
        return str(error.message)
    text = str(error.args[0] if error.args else "") or type(error).__name__
    match = _SERVER_TEXT.search(text)
    return match[1] if match else text

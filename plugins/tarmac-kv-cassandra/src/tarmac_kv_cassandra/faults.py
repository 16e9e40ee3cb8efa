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
_OUTAGES = (*_NO_NODE, *_LATE, cassandra.Unavailable, cassandra.CoordinationFailure)
_SERVER_TEXT = re.compile(r'Error from server: code=\w+ \[[^]]*\] message="(.*)"(?: info=.*)?', re.DOTALL)


class CassandraOpenError(OpenError):
    """The store cannot be opened; names setting and server."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class QueueTimeoutError(Exception):
    """Too many requests were on their way for too long."""


_Kinds = type[BaseException] | tuple[type[BaseException], ...]

# The first that fits counts.
_IN_WORDS: tuple[tuple[_Kinds, str], ...] = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is refused: {text} (cassandra_tls_ca_file, cassandra_hostname_verify)",
    ),
    (ssl.SSLError, "TLS failed: {text} (cassandra_tls_cert_file, cassandra_tls; does the node speak TLS?)"),
    (LoginRefusedError, "the login is refused: {text} (cassandra_user, cassandra_password)"),
    (cassandra.Unauthorized, "the user may not do this: {text} (cassandra_user)"),
    (
        cassandra.Unavailable,
        "too few replicas are alive: {text} (cassandra_consistency {consistency}, cassandra_replicas)",
    ),
    (
        (cassandra.Timeout, cassandra.CoordinationFailure),
        "too few replicas have answered: {text} (cassandra_consistency {consistency})",
    ),
    (
        (cassandra.OperationTimedOut, TimeoutError),
        (
            "no answer in time (cassandra_connect_timeout {connect_timeout:g} s,"
            " cassandra_request_timeout {request_timeout:g} s; at a start: does cassandra_tls fit the node?)"
        ),
    ),
    (
        (ConnectionException, ConnectionResetError, BrokenPipeError),
        "{text} (at a start: do cassandra_tls and cassandra_tls_cert_file fit the node?)",
    ),
    (
        QueueTimeoutError,
        "too many requests are on their way (cassandra_max_active {max_active}, cassandra_pool_timeout {pool_timeout:g} s)",
    ),
    (BaseException, "{text}"),
)
_FOR_GUESTS: tuple[tuple[_Kinds, str], ...] = (
    (QueueTimeoutError, "too many requests to the store are on their way"),
    (cassandra.Unavailable, "too few replicas of the store are alive"),
    (cassandra.CoordinationFailure, "too few replicas of the store have done it"),
    ((cassandra.Unauthorized, LoginRefusedError), "the store refuses this user"),
    (_LATE, "the store did not answer in time"),
    (_NO_NODE, "the store cannot be reached"),
    (BaseException, "the store refused: {text}"),
)


def is_outage(error: BaseException) -> bool:
    """Whether the cluster could not be asked or did not answer; all else is an answer that says no."""
    return isinstance(cause_of(error), _OUTAGES)


def in_words(error: BaseException, settings: CassandraSettings) -> str:
    """What went wrong and which setting it concerns, for the log and for the start; without secrets."""
    if isinstance(error, NoHostAvailable) and isinstance(error.errors, dict) and error.errors:
        nodes = (f"{node}: {_node_in_words(cause, settings)}" for node, cause in error.errors.items())
        return "no node can be asked: " + "; ".join(nodes)
    return _node_in_words(error, settings)


def _node_in_words(error: BaseException, settings: CassandraSettings) -> str:
    return _template(error, _IN_WORDS).format(text=_text(error), **settings.model_dump(exclude={"password"}))


def for_guests(error: BaseException) -> KVError:
    """The same for guests, who must read no address and no secret."""
    cause = cause_of(error)
    return KVError(_template(cause, _FOR_GUESTS).format(text=_text(cause)))


def _template(error: BaseException, templates: tuple[tuple[_Kinds, str], ...]) -> str:
    return next(template for kinds, template in templates if isinstance(error, kinds))


def cause_of(error: BaseException) -> BaseException:
    """Behind "no node": what a node answered, if one did."""
    causes = list(_causes(error))
    return next((cause for cause in causes if not isinstance(cause, _NO_NODE) or isinstance(cause, _LATE)), error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, NoHostAvailable) and isinstance(error.errors, dict):
        yield from error.errors.values()
    else:
        yield error


def _text(error: BaseException) -> str:
    """The words that matter: the server's own, where it has some."""
    match error:
        case ErrorMessage():
            return str(error.message)
        case ssl.SSLCertVerificationError():
            return error.verify_message
        case ssl.SSLError():
            return error.reason or "the connection was cut"
        case OSError() if error.strerror:
            return error.strerror
    text = str(error.args[0] if error.args else "") or type(error).__name__
    match = _SERVER_TEXT.search(text)
    return match[1] if match else text

"""Failures in words: all of it for the operator, without addresses for guests."""

import re

from psycopg import Error
from psycopg.errors import ReadOnlySqlTransaction
from tarmac_sql import ReadOnlyError, SQLError

from tarmac_core.plugin import OpenError
from tarmac_sql_postgres.exchange import LostError

_GOING = ("57P01", "57P02", "57P03", "57P05")
# Their own words name files of the server.
_DISK = {"53100": "the database cannot grow: its disk is full", "58030": "the database's disk fails"}

_REMEDIES = (
    (r"password|role .* does not exist|authentication|no pg_hba.conf entry", "mend user and password of sql_dsn"),
    (r"database .* does not exist", "mend the database's name in sql_dsn"),
    (r"resolve host|translate host", "mend the host in sql_dsn, or the name service"),
    (r"does not support SSL", "sslmode=disable in sql_dsn speaks without TLS"),
    (r"does not match host name", "mend the host in sql_dsn, or the server's certificate"),
    (
        r"private key|certificate file|root certificate|client certificate",
        "mend sslcert, sslkey or sslrootcert of sql_dsn",
    ),
    (r"certificate|SSL|tlsv1", "do sslmode, sslrootcert, sslcert and sslkey of sql_dsn fit the server?"),
    (
        r"too many (clients|connections)|remaining connection slots",
        "lower sql_pool_size, or raise max_connections there",
    ),
    (r"timeout expired|timed out", "does the server hang? sql_connect_timeout is the limit"),
    (r"refused|Connection reset", "does the server run there?"),
    (r"starting up|shutting down|recovery mode", "try again when the server is ready"),
)
"""The first that fits what the server or the driver says, and what to do."""


class PostgresOpenError(OpenError):
    """The database cannot be opened; names setting and server."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")


def in_words(error: BaseException) -> str:
    """What went wrong and what to do, for the log and for the start; without secrets."""
    text = " ".join(re.sub(r"^connection (failed|is bad): ", "", str(error)).split()) or type(error).__name__
    remedy = next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, text)), "")
    return f"{text} ({remedy})" if remedy else text


def is_unreachable(error: BaseException) -> bool:
    """Whether the server could not be asked, or went away before it answered."""
    return isinstance(error, LostError | OSError) or (isinstance(error, Error) and error.sqlstate in (None, *_GOING))


def for_guests(error: Exception) -> SQLError:
    """The server's words with its code for the kind of failure, as the original gives them."""
    if isinstance(error, LostError) or (isinstance(error, Error) and error.sqlstate in _GOING):
        return SQLError("the connection to the database was lost")
    if not isinstance(error, Error) or error.sqlstate is None:
        return SQLError("the database cannot be reached")
    words = f"{_DISK.get(error.sqlstate, error.diag.message_primary)} ({error.sqlstate})"
    return ReadOnlyError(words) if isinstance(error, ReadOnlySqlTransaction) else SQLError(words)

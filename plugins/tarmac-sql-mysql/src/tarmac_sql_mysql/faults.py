"""Failures in words: all of it for the operator, without addresses and names of files for guests."""

import re
import socket
import ssl
from collections.abc import Iterator

from tarmac_sql import ReadOnlyError, SQLError

from tarmac_core.plugin import OpenError

NO_TLS, NOT_UNDERSTOOD, NO_SUCH_LOGIN = 2026, 2027, 2059
"""Codes that MySQL's own clients use for what goes wrong on this side."""

# Numbers of the manuals' lists of error messages, MySQL's and MariaDB's.
_AWAY = (2002, 2003, NOT_UNDERSTOOD)
_GONE = (1053, 1152, 1159, 1160, 1161, 1927, 2006, 2013, 4031)
_FULL = (1021, 1114)
_FILES = (*range(1, 100), *range(1004, 1031), 1085, 1086, 1126)
_BUSY = (1040, 1203, 1226)
_TOO_LONG = (1969, 3024)
_STOPPED = 1317
_READ_ONLY = 1792
_REMEDIES = (
    ((1045, 1698, 1524, 3118), "mend user and password of sql_dsn"),
    ((1044, 1049), "mend the database's name in sql_dsn, or the user's rights"),
    ((2006, 2013), "do sql_tls and sql_tls_cert_file fit the server?"),
    ((1040,), "lower sql_pool_size, or raise max_connections there"),
    ((1203, 1226), "lower sql_pool_size, or raise the user's limits there"),
    ((1193, 1231, 1232), "mend the variables among the options of sql_dsn"),
    ((3159,), "set sql_tls to on"),
    ((NOT_UNDERSTOOD,), "is it a MariaDB or MySQL server?"),
    ((NO_TLS,), "set sql_tls to off, or make the server speak TLS"),
)
_WHO = re.compile(r" (?:for|to) user '[^']*'@'[^']*'| by user '[^']*'|'[^' ]*'@'[^' ]*'")
_PATH = re.compile(r"'[^']*/[^']*'|/[\w./#-]+")


class MySQLOpenError(OpenError):
    """The database cannot be opened; names setting and server."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")


class RefusedLoginError(Exception):
    """The server wants a way to log in that is not allowed: its code, and the way's name."""


def code_of(error: BaseException) -> int:
    """The number of a failure of server or driver, 0 for others."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) and not isinstance(error, OSError) else 0


def is_unreachable(error: BaseException) -> bool:
    """Whether the server could not be asked, or went away before it answered."""
    code = code_of(error)
    return code in (*_AWAY, *_GONE) or (not code and isinstance(error, OSError | TimeoutError | EOFError))


def in_words(error: BaseException, *, limit_s: float) -> str:
    """What went wrong and which setting it concerns, for the log and for the start; without secrets."""
    for cause in _causes(error):
        if words := _connecting_in_words(cause, limit_s):
            return words
    code = code_of(error)
    text = str(error.args[1]) if code and len(error.args) > 1 else str(error) or type(error).__name__
    remedy = next((remedy for codes, remedy in _REMEDIES if code in codes), "")
    return f"{text} ({remedy})" if remedy else text


def _connecting_in_words(cause: BaseException, limit_s: float) -> str:
    match cause:
        case ssl.SSLCertVerificationError():
            return f"its certificate is refused: {cause.verify_message} (sql_tls_ca_file, sql_hostname_verify)"
        case ssl.SSLError():
            return f"TLS failed: {cause.reason or cause} (sql_tls, sql_tls_cert_file)"
        case RefusedLoginError():
            return _refused_in_words(str(cause.args[1]))
        case RuntimeError() if "package is required" in str(cause):
            return f"{cause} (install tarmac-sql-mysql[ed25519])"
        case OSError():
            return _network_in_words(cause, limit_s)
        case _:
            return ""


def _refused_in_words(way: str) -> str:
    hint = "; allowCleartextPasswords=true and TLS allow it" if way == "mysql_clear_password" else ""
    return f"it wants the login {way}, which is not allowed{hint} (use another way for this user)"


def _network_in_words(cause: OSError, limit_s: float) -> str:
    match cause:
        case socket.gaierror():
            return f"the host name cannot be resolved: {cause.strerror} (mend the host in sql_dsn, or the name service)"
        case TimeoutError():
            return f"no answer within {limit_s:g} s (does the server hang? sql_connect_timeout is the limit)"
        case ConnectionRefusedError():
            return "it refuses connections (does the server run there?)"
        case _:
            return f"cannot connect: {cause.strerror or cause} (does the server run there?)"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def for_guests(error: Exception) -> SQLError:
    """The server's words as go-sql-driver gives them, `Error 1146 (42S02): ...`, without users, addresses and files."""
    code = code_of(error)
    text = str(error.args[1]) if code and len(error.args) > 1 else ""
    if code in _FULL or "No space left" in text or "errno: 28" in text:
        return SQLError(f"the database cannot grow: its disk or a table is full (Error {code})")
    if code == _READ_ONLY:
        return ReadOnlyError(f"the database may only be read here: Error {code}: {text}")
    words = {
        NO_TLS: "the database cannot be reached safely",
        NO_SUCH_LOGIN: "the database refuses the login",
        **dict.fromkeys(_AWAY, "the database cannot be reached"),
        **dict.fromkeys(_GONE, "the connection to the database was lost"),
        **dict.fromkeys(_BUSY, "the database takes no more connections"),
        **dict.fromkeys(_TOO_LONG, "it took too long and was stopped by the server (sql_statement_timeout_ms)"),
        _STOPPED: "it was stopped",
    }
    if not code:
        return SQLError("the database cannot be reached")
    if code in words:
        return SQLError(words[code])
    state = getattr(error, "sqlstate", None)
    text = _WHO.sub("", text)
    # Elsewhere a path is the guest's own text.
    text = _PATH.sub("...", text) if code in _FILES else text
    return SQLError(f"Error {code}{f' ({state})' if state else ''}: {text}")

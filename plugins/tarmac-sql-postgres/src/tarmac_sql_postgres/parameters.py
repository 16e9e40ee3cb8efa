"""Sends a statement: alone, as it is, or with parameters beside it as `$1`, `$2`, ..."""

from psycopg.pq.abc import PGconn
from tarmac_sql import SQLError, Statement, Value

_UNKNOWN, _BOOL, _BYTEA, _FLOAT8, _NUMERIC = 0, 16, 17, 701, 1700
# The smallest that holds the number: the server widens by itself where it must, and never narrows.
_INTEGERS = ((1 << 15, 21), (1 << 31, 23), (1 << 63, 20))
_TEXT, _BINARY = 0, 1


def send(pgconn: PGconn, statement: Statement, *, is_single: bool) -> None:
    """Hand it to libpq. Without parameters it may be several statements, unless `is_single`.

    No statement is prepared by name, so that another server may answer the next call, as behind PgBouncer.
    """
    text, args = statement.text.encode(), statement.args
    if args is None and not is_single:
        pgconn.send_query(text)
        return
    written = [_written(value, number) for number, value in enumerate(args or (), 1)]
    values, types, formats = zip(*written, strict=True) if written else ((), (), ())
    pgconn.send_query_params(text, values, types, formats)


def _written(value: Value, number: int) -> tuple[bytes | None, int, int]:
    """The value, its type and its format; text is of the type that the statement has there."""
    match value:
        case None:
            return None, _UNKNOWN, _TEXT
        case bool():
            return b"t" if value else b"f", _BOOL, _TEXT
        case int():
            return b"%d" % value, next((oid for end, oid in _INTEGERS if -end <= value < end), _NUMERIC), _TEXT
        case float():
            return repr(value).encode(), _FLOAT8, _TEXT
        case bytes():
            return value, _BYTEA, _BINARY
        case _ if "\0" in value:
            raise SQLError(f"parameter {number} has a NUL, which PostgreSQL's text cannot hold: send it as bytes")
    return value.encode(), _UNKNOWN, _TEXT

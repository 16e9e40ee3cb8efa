"""Sends a statement: alone, as it is, or with parameters beside it, whose places are `$1`, `$2`, ... or `?`."""

from collections.abc import Callable
from typing import Any, NamedTuple

from psycopg.pq.abc import PGconn
from tarmac_sql import SQLError, Statement

from tarmac_sql_postgres.placeholders import numbered

_TEXT, _BINARY = 0, 1


class _Written(NamedTuple):
    """What libpq is told of a parameter; type 0 is the one that the statement has there."""

    value: bytes | None
    type: int = 0
    format: int = _TEXT


def send(pgconn: PGconn, statement: Statement, *, is_single: bool) -> None:
    """Hand it to libpq. Without parameters it may be several statements, unless `is_single`.

    No statement is prepared by name, so that another server may answer the next call, as behind PgBouncer.
    """
    text, args = statement
    if args:
        values, types, formats = zip(*[_WRITERS[type(value)](value) for value in args], strict=True)
        pgconn.send_query_params(numbered(text).encode(), values, types, formats)
    elif args is None and not is_single:
        pgconn.send_query(text.encode())
    else:
        pgconn.send_query_params(text.encode(), None)


def _integer(value: int) -> _Written:
    """As the smallest type that holds it: the server widens where it must, and never narrows."""
    text = b"%d" % value
    if -0x8000 <= value < 0x8000:
        return _Written(text, 21)
    if -0x8000_0000 <= value < 0x8000_0000:
        return _Written(text, 23)
    return _Written(text, 20)


def _text(value: str) -> _Written:
    if "\0" in value:
        raise SQLError("a parameter has a NUL, which PostgreSQL's text cannot hold: send it as bytes")
    return _Written(value.encode())


_WRITERS: dict[type, Callable[[Any], _Written]] = {
    type(None): _Written,
    bool: lambda value: _Written(b"t" if value else b"f", 16),
    int: _integer,
    float: lambda value: _Written(repr(value).encode(), 701),
    str: _text,
    bytes: lambda value: _Written(value, 17, _BINARY),
}

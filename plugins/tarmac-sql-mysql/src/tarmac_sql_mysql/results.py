"""Sends a statement and reads what comes back, row by row as the server sends them.

A connection on which something was left unread, or came otherwise than expected, is spent.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeAlias

from asyncmy.errors import MySQLError
from tarmac_sql import Done, Rows, SQLError
from tarmac_sql.backend import NO_ROWS
from tarmac_sql.rows import CHUNK_ROWS, Shape

from tarmac_sql_mysql.link import Link

_SIGN = 1 << 63

Take: TypeAlias = Callable[[Sequence[Sequence[Any]]], None]


async def fetch(link: Link, text: bytes, shape: Shape) -> Rows:
    """Run a statement and write its first result's rows; further results, of a procedure, are passed over."""
    try:
        await link.query(text, unbuffered=True)
        rows = NO_ROWS
        if (description := link._result.description) is not None:
            writer = shape.writer([column[0] for column in description])
            await _each_chunk(link, writer.add)
            rows = writer.finish()
        if link._result.has_next:
            await _last(link)
        link._result = None
    except Exception as error:  # noqa: BLE001 - raised again, in words
        _give_up(link, error)
    return rows


async def change(link: Link, text: bytes, *, is_returning: bool) -> Done:
    """Run a statement and tell how many rows it changed, and the first id that it gave."""
    try:
        await link.query(text, unbuffered=True)
        if link._result.description is None:
            done = _done(link)
        else:
            counts: list[int] = []
            await _each_chunk(link, lambda rows: counts.append(len(rows)))
            missing = (
                "the new id: with RETURNING it is in the rows, send the statement as a query" if is_returning else ""
            )
            done = Done(sum(counts) if is_returning else 0, 0, missing)
        if link._result.has_next:
            done = await _last(link) or done
        link._result = None
    except Exception as error:  # noqa: BLE001 - raised again, in words
        _give_up(link, error)
    return done


async def _each_chunk(link: Link, take: Take) -> None:
    result = link._result
    while (row := await result._read_rowdata_packet_unbuffered()) is not None:
        take([row, *result._take_pending_rows(CHUNK_ROWS - 1)])
    # The driver does not look at what stands behind the last row.
    link.server_status = result.server_status or link.server_status


async def _last(link: Link) -> Done | None:
    """Read further results; gives the last of them that is none of rows, which is a procedure's own."""
    last = None
    while link._result.has_next:
        await link.next_result(unbuffered=True)
        if link._result.description is None:
            last = _done(link)
        else:
            await _each_chunk(link, lambda _: None)
    return last


def _done(link: Link) -> Done:
    new_id = link._result.insert_id
    # As Go does, which has no unsigned ids.
    return Done(link._result.affected_rows, new_id - 2 * _SIGN if new_id >= _SIGN else new_id)


def _give_up(link: Link, error: Exception) -> NoReturn:
    """Raise what tells of it. What the server itself says has an SQLSTATE, and leaves nothing unread behind it."""
    link.is_spent |= getattr(error, "sqlstate", None) is None
    if isinstance(error, MySQLError | SQLError | OSError | TimeoutError):
        raise error
    if isinstance(error, UnicodeDecodeError):
        # The driver takes what it does not know for ASCII.
        raise SQLError("a column's type is unknown here: write HEX(column), or VECTOR_TO_STRING(column)") from error
    raise SQLError(f"the server's answer cannot be read: {type(error).__name__}") from error

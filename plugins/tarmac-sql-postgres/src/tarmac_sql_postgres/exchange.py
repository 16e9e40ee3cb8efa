"""What is said to the server in one call: begin, the statement, end; and that nothing of the call stays behind.

Messages go through libpq itself. The driver's cursors would read `%` in texts, keep whole results in memory, take the first of
several results where the original takes the first with rows, and be stuck after COPY.
"""

from collections.abc import Callable
from typing import NamedTuple

from psycopg import Error, OperationalError, generators
from psycopg.errors import ActiveSqlTransaction, SyntaxError, error_from_result  # noqa: A004
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn
from psycopg.waiting import Wait
from tarmac_sql import SQLError, Statement

from tarmac_sql_postgres.parameters import send
from tarmac_sql_postgres.results import Taker
from tarmac_sql_postgres.turn import Steps, T

_CHUNK_ROWS = 50
"""Rows that libpq hands over at a time: few, since each may be large."""

# What DISCARD ALL does, which could not share a message with COMMIT; without its effect on plans, which nobody can see.
_FORGET = (
    b"CLOSE ALL;SET SESSION AUTHORIZATION DEFAULT;RESET ALL;DEALLOCATE ALL;UNLISTEN *;"
    b"SELECT pg_advisory_unlock_all();DISCARD TEMP;DISCARD SEQUENCES"
)
_COPIES_OUT = frozenset((ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH))
_COPY_REFUSED = "COPY FROM STDIN and COPY TO STDOUT have no place in a call: use INSERT and SELECT"


class LostError(Exception):
    """The connection broke during a call."""


class Frame(NamedTuple):
    """What is said around a statement.

    `is_single` makes the server refuse several statements in one text; `alone` is the frame of what cannot be in this one.
    """

    begin: bytes
    end: bytes
    is_single: bool = False
    alone: "Frame | None" = None


class Frames(NamedTuple):
    """A transaction, and one that only reads."""

    usual: Frame
    reading: Frame


def frames(limit_ms: int) -> Frames:
    """`limit_ms` bounds each statement on the server too, should this process not live to stop it; 0 sets no limit.

    Dates come as ISO has them, as with the original's driver, whatever the server's default is.
    """
    limit = b";SET LOCAL statement_timeout=%d" % limit_ms if limit_ms else b""
    settings = limit + b";SET LOCAL datestyle=ISO"
    alone = Frame(settings.replace(b" LOCAL", b"")[1:], _FORGET, is_single=True)
    return Frames(
        Frame(b"BEGIN" + settings, b"COMMIT;" + _FORGET, alone=alone),
        # Several statements could end the transaction that only reads and begin another.
        Frame(b"BEGIN READ ONLY" + settings, b"ROLLBACK;" + _FORGET, is_single=True),
    )


def call(
    pgconn: PGconn,
    statement: Statement,
    frame: Frame,
    make_taker: Callable[[], Taker[T]],
    cancel: Callable[[], bool],
) -> Steps[T]:
    """The steps of a call. Raises `SQLError`, `LostError`, psycopg's errors."""
    try:
        try:
            return (yield from _attempt(pgconn, statement, frame, make_taker(), cancel))
        except ActiveSqlTransaction as refusal:
            # VACUUM, CREATE DATABASE and the like, which have done nothing yet.
            if frame.alone is None:
                raise
            try:
                return (yield from _attempt(pgconn, statement, frame.alone, make_taker(), cancel))
            except SyntaxError:
                # There was none before: it is one of several statements, and those before it may have been committed.
                raise refusal from None
    except Error as error:
        if pgconn.status != ConnStatus.OK:
            raise LostError from error
        if error.sqlstate is None:
            raise SQLError(f"the statement cannot be sent: {error}") from error
        raise


def _attempt(
    pgconn: PGconn, statement: Statement, frame: Frame, taker: Taker[T], cancel: Callable[[], bool]
) -> Steps[T]:
    try:
        yield from _say(pgconn, frame.begin)
        send(pgconn, statement, is_single=frame.is_single)
        pgconn.set_chunked_rows_mode(_CHUNK_ROWS)
        yield from _receive(pgconn, taker)
        answer = taker.answer()
        # A text may have ended the transaction, as it was free to say.
        yield from _say(pgconn, _FORGET if _is_idle(pgconn) else frame.end)
    except Exception:
        if pgconn.status == ConnStatus.OK:
            yield from _undo(pgconn, cancel)
        raise
    return answer


def _say(pgconn: PGconn, text: bytes) -> Steps[None]:
    pgconn.send_query(text)
    results = yield from generators.execute(pgconn)
    if not results:
        # An answer too many came before: from here on every answer would be another's.
        pgconn.finish()
        raise OperationalError("the server's answers do not fit what it was asked")
    # After an error there are no more results.
    if results[-1].status == ExecStatus.FATAL_ERROR:
        raise error_from_result(results[-1])


def _receive(pgconn: PGconn, taker: Taker[T]) -> Steps[None]:
    yield from generators.send(pgconn)
    failure: Error | SQLError | None = None
    while (result := (yield from generators.fetch(pgconn))) is not None:
        if result.status == ExecStatus.FATAL_ERROR:
            failure = failure or error_from_result(result)
        elif result.status == ExecStatus.COPY_IN:
            failure = SQLError(_COPY_REFUSED)
            pgconn.put_copy_end(b"refused")
            yield from generators.send(pgconn)
        elif result.status in _COPIES_OUT:
            raise SQLError(_COPY_REFUSED)
        else:
            taker.take(result)
    if failure is not None:
        raise failure


def _undo(pgconn: PGconn, cancel: Callable[[], bool]) -> Steps[None]:
    try:
        if pgconn.transaction_status == TransactionStatus.ACTIVE:
            yield from _stop(pgconn, cancel)
        yield from _say(pgconn, _FORGET if _is_idle(pgconn) else b"ROLLBACK;" + _FORGET)
    except Error:
        # The first failure is the one to tell; a connection that may remember something is not used again.
        pgconn.finish()


def _stop(pgconn: PGconn, cancel: Callable[[], bool]) -> Steps[None]:
    """End what the server is at, and throw away what it still sends."""
    cancel()
    while (result := (yield from generators.fetch(pgconn))) is not None:
        if result.status in _COPIES_OUT:
            while (found := pgconn.get_copy_data(1)[0]) >= 0:
                if not found:
                    yield int(Wait.R)
                    pgconn.consume_input()
    while not cancel():
        yield 0


def _is_idle(pgconn: PGconn) -> bool:
    return pgconn.transaction_status == TransactionStatus.IDLE

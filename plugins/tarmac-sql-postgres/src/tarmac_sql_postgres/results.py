"""Reads results as libpq hands them over: rows as JSON, or how many a statement changed."""

from typing import Protocol, TypeVar

from psycopg.abc import Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from tarmac_sql import Done, Rows
from tarmac_sql.backend import NO_ROWS, ConversionError
from tarmac_sql.rows import RowWriter, Shape

T_co = TypeVar("T_co", covariant=True)


class Taker(Protocol[T_co]):
    """Gets each result of a statement; those with rows come in chunks, an empty one at their end."""

    def take(self, result: PGresult) -> None:
        """Read it; raises `SQLError`."""

    def answer(self) -> T_co:
        """What the call gives, when all is there."""


class RowsTaker:
    """Takes the rows of the first result that has columns, as the original does."""

    def __init__(self, transformer: Transformer, shape: Shape) -> None:
        self._transformer = transformer
        self._shape = shape
        self._writer: RowWriter | None = None
        self._is_complete = False

    def take(self, result: PGresult) -> None:
        """Write a chunk."""
        is_last = result.status == ExecStatus.TUPLES_OK
        if self._is_complete or not (is_last or result.status == ExecStatus.TUPLES_CHUNK):
            return
        if self._writer is None:
            self._writer = self._shape.writer([_name(result, index) for index in range(result.nfields)])
        if count := result.ntuples:
            self._writer.add(self._rows(result, count))
        self._is_complete = is_last

    def answer(self) -> Rows:
        """The rows, or that there are none."""
        return NO_ROWS if self._writer is None else self._writer.finish()

    def _rows(self, result: PGresult, count: int) -> list[tuple[object, ...]]:
        # The transformer is shared by all calls and keeps nothing from one chunk to the next.
        self._transformer.set_pgresult(result)
        try:
            return self._transformer.load_rows(0, count, tuple)
        except UnicodeDecodeError as error:
            raise ConversionError(f"a text is not UTF-8 at byte {error.start}: read it as bytea") from error
        finally:
            self._transformer.set_pgresult(None)


def _name(result: PGresult, index: int) -> str:
    return (result.fname(index) or b"").decode()


class DoneTaker:
    """Takes the number of rows that the last statement changed. PostgreSQL has no id of a new row: RETURNING gives it."""

    def __init__(self) -> None:
        self._count = 0

    def take(self, result: PGresult) -> None:
        """Look at its tag, which the last chunk has, or the result without rows behind it."""
        if result.command_status:
            self._count = result.command_tuples or 0

    def answer(self) -> Done:
        """The number."""
        return Done(self._count)

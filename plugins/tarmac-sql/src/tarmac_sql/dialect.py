"""What `Database` must be told about a server."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult

from tarmac_sql.backend import SQLError, Statement
from tarmac_sql.rows import Converter


class Dialect:
    """The differences of one server; each method has the usual answer. Methods without `async` run in SQLAlchemy's greenlet.

    `is_streamed` tells that the driver fetches rows as they are asked for only with SQLAlchemy's `stream_results`;
    `errors` are the driver's exceptions, for those that SQLAlchemy does not wrap.
    """

    is_streamed = False
    errors: tuple[type[Exception], ...] = ()

    def begin(self, connection: Connection, statement: Statement, *, read_only: bool) -> None:
        """Begin the call's transaction, if SQLAlchemy does not do it."""

    def commit(self, connection: Connection) -> None:
        """Commit it; raises `SQLError` where the guest's statement has ended it."""
        connection.commit()

    def rollback(self, connection: Connection) -> None:
        """Undo it, after a failure."""
        connection.rollback()

    def converters(self, description: Sequence[Sequence[Any]], *, is_go: bool) -> list[Converter | None]:
        """One for each column of the driver's cursor description."""
        return [None] * len(description)

    def last_insert_id(self, result: CursorResult[Any]) -> int:
        """The id that the statement gave its last new row; 0 where there is none."""
        return 0

    def failure(self, error: BaseException) -> SQLError:
        """The driver's exception in words that guests may read."""
        return SQLError(str(error))

    async def stop(self, driver_connection: Any) -> None:
        """Make the statement that runs on this connection end soon; called again while it has not."""

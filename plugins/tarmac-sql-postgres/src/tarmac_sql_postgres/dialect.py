"""What is special about PostgreSQL."""

import select
from functools import partial

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, TransactionStatus
from tarmac_sql import Done, Rows, SQLError, Statement
from tarmac_sql.dialect import Dialect
from tarmac_sql.rows import Shape

from tarmac_sql_postgres.exchange import LostError, call, frames
from tarmac_sql_postgres.faults import for_guests
from tarmac_sql_postgres.results import DoneTaker, RowsTaker
from tarmac_sql_postgres.settings import PostgresSettings
from tarmac_sql_postgres.turn import Driver, Turn, cancel
from tarmac_sql_postgres.values import Adapters
from tarmac_sql_postgres.watch import Watch

# Ours comes first, and in our words.
_GRACE_MS = 5000


class PostgresDialect(Dialect[Driver]):
    """A call is a few messages on the driver's connection, which is in autocommit mode."""

    errors = (psycopg.Error, LostError, OSError)

    def __init__(self, settings: PostgresSettings, watch: Watch) -> None:
        self._transformer = Transformer(Adapters(is_go=settings.values == "go"))
        limit_ms = settings.statement_timeout_ms
        self._frames = frames(limit_ms + _GRACE_MS if limit_ms else 0)
        self._watch = watch

    def start_query(self, connection: Driver, statement: Statement, shape: Shape, *, read_only: bool) -> Turn[Rows]:
        """Rows are written as they come."""
        frame = self._frames.reading if read_only else self._frames.usual
        taker = partial(RowsTaker, self._transformer, shape)
        return Turn(connection, partial(call, connection.pgconn, statement, frame, taker))

    def start_exec(self, connection: Driver, statement: Statement) -> Turn[Done]:
        """Rows are thrown away."""
        return Turn(connection, partial(call, connection.pgconn, statement, self._frames.usual, DoneTaker))

    async def stop(self, connection: Driver) -> None:
        """Ask the server, over a connection of its own."""
        await cancel(connection)

    def is_usable(self, connection: Driver) -> bool:
        """Whether it is open and idle, and the server has said nothing that nobody asked for, such as goodbye."""
        pgconn = connection.pgconn
        if pgconn.status != ConnStatus.OK or pgconn.transaction_status != TransactionStatus.IDLE:
            return False
        unread = select.poll()
        unread.register(pgconn.socket, select.POLLIN)
        return not unread.poll(0)

    def failure(self, error: Exception) -> SQLError:
        """The server's words, or better ones."""
        self._watch.note(error)
        return for_guests(error)

"""Runs a call on a connection: in one turn where a statement is a transaction of its own, else between BEGIN and COMMIT."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from asyncmy.errors import MySQLError
from tarmac_sql import Done, ReadOnlyError, Rows, SQLError, Statement
from tarmac_sql.dialect import ServerDialect
from tarmac_sql.rows import Shape
from tarmac_sql.running import Running

from tarmac_sql_mysql import results
from tarmac_sql_mysql.driven import Driven
from tarmac_sql_mysql.faults import RefusedLoginError, for_guests
from tarmac_sql_mysql.link import Link, connect
from tarmac_sql_mysql.parameters import filled
from tarmac_sql_mysql.server import Server
from tarmac_sql_mysql.statements import Kind, kind_of
from tarmac_sql_mysql.watch import Watch

T = TypeVar("T")

_NO_BACKSLASH_ESCAPES = 512
_HEADER_BYTES = 64
_OWN_TRANSACTION = "each call is a transaction of its own: BEGIN, COMMIT and ROLLBACK have no place in it"
_ONLY_READS = (
    "the database may only be read here: SELECT, WITH, VALUES, TABLE, SHOW, EXPLAIN and DESCRIBE are allowed, "
    "and no INTO OUTFILE"
)


class MySQLDialect(ServerDialect[Link]):
    """MariaDB and MySQL. Sessions commit each statement by themselves."""

    errors = (MySQLError, RefusedLoginError, OSError, EOFError, TimeoutError)

    def __init__(self, server: Server, watch: Watch) -> None:
        self._server = server
        self._watch = watch

    def start_query(self, connection: Link, statement: Statement, shape: Shape, *, read_only: bool) -> Running[Rows]:
        """Run it without a task."""
        connection.is_driven = True
        kind = kind_of(statement.text)
        if kind.is_plain and connection.reads_only == read_only and (kind.reads or not read_only):
            return Driven(self.fetch(connection, statement, shape))
        return Driven(self.query(connection, statement, shape, read_only=read_only))

    def start_exec(self, connection: Link, statement: Statement) -> Running[Done]:
        """Run it without a task."""
        connection.is_driven = True
        return Driven(self.exec(connection, statement))

    async def query(self, connection: Link, statement: Statement, shape: Shape, *, read_only: bool) -> Rows:
        """The whole call `query`."""
        return await self._call(
            connection, statement, lambda: self.fetch(connection, statement, shape), read_only=read_only
        )

    async def exec(self, connection: Link, statement: Statement) -> Done:
        """The whole call `exec`."""
        return await self._call(connection, statement, lambda: self.change(connection, statement), read_only=False)

    async def _call(self, link: Link, statement: Statement, work: Callable[[], Awaitable[T]], *, read_only: bool) -> T:
        kind = kind_of(statement.text)
        if read_only and not kind.reads:
            raise ReadOnlyError(_ONLY_READS)
        if kind.ends_transactions:
            raise SQLError(_OWN_TRANSACTION)
        if kind.touches_session:
            await link.reset()
        if link.reads_only != read_only:
            await link.read_only(read_only)
        if kind.is_plain:
            return await work()
        try:
            return await self._between(link, kind, work)
        finally:
            await self._clean(link, kind)

    async def _clean(self, link: Link, kind: Kind) -> None:
        """Leave a clean session, or none; that this fails changes nothing about the call."""
        if kind.is_unknown:
            link.is_spent = True
        elif kind.touches_session and link.is_usable:
            try:
                await link.reset()
            except self.errors:
                link.is_spent = True

    async def _between(self, link: Link, kind: Kind, work: Callable[[], Awaitable[T]]) -> T:
        if not kind.is_several:
            return await work()
        await self.begin(link, read_only=link.reads_only)
        try:
            done = await work()
            await self.commit(link)
        except Exception:
            await self._undo(link)
            raise
        return done

    async def begin(self, connection: Link, *, read_only: bool) -> None:
        """Begin a transaction in the session's mode."""
        await connection.begin()

    async def commit(self, connection: Link) -> None:
        """Commit what is open; a procedure may have done it already."""
        await connection.commit()

    async def rollback(self, connection: Link) -> None:
        """Undo what is open; where rows were left unread the connection ends, which undoes it too."""
        if not connection.is_spent:
            await connection.rollback()

    def fetch(self, connection: Link, statement: Statement, shape: Shape) -> Coroutine[Any, Any, Rows]:
        """Run the statement and write its first result's rows as they come."""
        return results.fetch(connection, _text(connection, statement), shape)

    async def change(self, connection: Link, statement: Statement) -> Done:
        """Run the statement and tell what it changed."""
        is_returning = kind_of(statement.text).is_several and "RETURNING" in statement.text.upper()
        return await results.change(connection, _text(connection, statement), is_returning=is_returning)

    async def stop(self, connection: Link) -> None:
        """Kill the statement from another connection. This one is not used again: a kill that comes late might hit the next."""
        connection.is_spent = True
        killer = await connect(self._server)
        try:
            await killer.query(f"KILL QUERY {connection.id}")
        finally:
            await killer.ensure_closed()

    def is_usable(self, connection: Link) -> bool:
        """Whether it is open and idle."""
        return connection.is_usable

    def failure(self, error: Exception) -> SQLError:
        """In words for guests; the log is told when the server went away."""
        self._watch.failed(error)
        return for_guests(error)


def _text(link: Link, statement: Statement) -> bytes:
    """What is sent: the text as it is, or with its parameters."""
    text = statement.text
    if statement.args is not None:
        has_backslashes = not link.server_status & _NO_BACKSLASH_ESCAPES
        text = filled(text, statement.args, has_backslashes=has_backslashes)
    data = text.encode()
    if len(data) + _HEADER_BYTES > link.max_packet_bytes:
        raise SQLError(
            f"the statement has {len(data)} bytes, the server takes {link.max_packet_bytes} (its max_allowed_packet)"
        )
    return data

"""One request to the cluster: `execute_async` of the driver, awaited on the event loop without a thread."""

import asyncio
from typing import Any

from cassandra.cluster import ResultSet, Session
from cassandra.query import PreparedStatement
from tarmac_kv import KVError

from tarmac_core.plugin import Log
from tarmac_kv_cassandra.faults import FAILURES, CassandraOpenError, QueueTimeoutError, for_guests, in_words, is_outage
from tarmac_kv_cassandra.reactor import Reactor
from tarmac_kv_cassandra.settings import CassandraSettings
from tarmac_kv_cassandra.table import Table

Rows = list[tuple[Any, ...]]

_PROBE = b"\0"


class Calls:
    """Asks the cluster; limits how many requests are on their way, and logs when it goes away and comes back."""

    def __init__(self, session: Session, reactor: Reactor, settings: CassandraSettings, log: Log) -> None:
        self._session = session
        self._reactor = reactor
        self._settings = settings
        self._log = log
        self._free = asyncio.Semaphore(settings.max_active)
        self._waiting: set[asyncio.Future[Rows]] = set()
        self._is_closed = False
        self._is_away = False

    async def reach(self, table: Table) -> None:
        """Read for the first time. Raises `CassandraOpenError` naming setting and server."""
        try:
            await self._page(table.get, (table.stored(_PROBE),))
        except FAILURES as error:
            raise CassandraOpenError(self._settings.place, in_words(error, self._settings)) from error

    async def ask(self, statement: PreparedStatement, *values: Any) -> Rows:
        """The rows of the answer, none where there are none to give. Raises KVError."""
        rows, _ = await self.page(statement, values)
        return rows

    async def page(
        self, statement: PreparedStatement, values: tuple[Any, ...], *, state: bytes | None = None
    ) -> tuple[Rows, bytes | None]:
        """Rows, and the state with which to ask for the next page; None at the end. Raises KVError."""
        if self._is_closed:
            raise KVError("the store is closed")
        try:
            answer = await self._page(statement, values, state)
        except (*FAILURES, QueueTimeoutError) as error:
            if self._is_closed:
                raise KVError("the store is closed") from error
            self._note(error)
            raise for_guests(error) from error
        if self._is_away:
            self._is_away = False
            self._log.info("%s answers again", self._settings.place)
        return answer

    async def _page(
        self, statement: PreparedStatement, values: tuple[Any, ...], state: bytes | None = None
    ) -> tuple[Rows, bytes | None]:
        if self._free.locked():
            await self._wait_for_free()
        else:
            await self._free.acquire()
        future: asyncio.Future[Rows] = self._reactor.loop.create_future()
        self._waiting.add(future)
        try:
            response = self._session.execute_async(statement, values, paging_state=state)
            response.add_callbacks(self._succeed, self._fail, callback_args=(future,), errback_args=(future,))
            rows = await future
            return rows, ResultSet(response, rows).paging_state if response.has_more_pages else None
        finally:
            self._waiting.discard(future)
            self._free.release()

    async def _wait_for_free(self) -> None:
        try:
            async with asyncio.timeout(self._settings.pool_timeout):
                await self._free.acquire()
        except TimeoutError as error:
            raise QueueTimeoutError from error

    def _succeed(self, rows: Rows | None, future: "asyncio.Future[Rows]") -> None:
        """On the loop as a rule; the driver's threads call it when they ask again."""
        if not self._reactor.is_here:
            self._reactor.loop.call_soon_threadsafe(self._succeed, rows, future)
        elif not future.done():
            future.set_result(rows or [])

    def _fail(self, error: Exception, future: "asyncio.Future[Rows]") -> None:
        if not self._reactor.is_here:
            self._reactor.loop.call_soon_threadsafe(self._fail, error, future)
        elif not future.done():
            future.set_exception(error)

    def _note(self, error: Exception) -> None:
        """Log the first of a row of failures; thousands of calls may fail in the same second."""
        if is_outage(error) and not self._is_away:
            self._is_away = True
            self._log.warning("%s: %s", self._settings.place, in_words(error, self._settings))

    def close(self) -> None:
        """Fail what is on its way, and everything from now on."""
        self._is_closed = True
        for future in self._waiting:
            if not future.done():
                future.set_exception(KVError("the store is closed"))

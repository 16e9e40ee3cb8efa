"""Calls as functions that run on the thread of an aiosqlite connection: one turn there and back, whatever they do."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import aiosqlite
from tarmac_sql.running import Running

T = TypeVar("T")


class Job(Running[T]):
    """One function on the connection's thread. aiosqlite has no public way to run one there; SQLAlchemy does it so, too."""

    __slots__ = ("_connection",)

    def __init__(self, connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]) -> None:
        super().__init__(asyncio.get_running_loop().create_future())
        self._connection = connection
        connection._tx.put_nowait((self.outcome, partial(work, connection._conn)))

    async def ended(self) -> None:
        """Wait for the thread's next turn."""
        turn: Job[None] = Job(self._connection, _nothing)
        await turn.outcome

    def abort(self) -> None:
        """Give the connection up. It is within one function that hears no interrupt (`instr` of two long texts), for hours
        perhaps: whoever closes it must not wait for it, and its thread closes it when it can."""
        driver = self._connection
        with suppress(ValueError):
            Job(driver, sqlite3.Connection.close)
            driver.stop()
            driver._connection = None


def _nothing(_connection: sqlite3.Connection) -> None:
    return None

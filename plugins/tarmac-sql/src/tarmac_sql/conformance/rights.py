"""Reading only."""

import pytest

from tarmac_sql.backend import ReadOnlyError, SQLBackend, SQLError, Statement
from tarmac_sql.conformance.suite import OpenDatabase, Suite, listed


class ReadOnly(Suite):
    """Nothing changes, however it is tried."""

    async def test_reading_works(self, database: SQLBackend, table: str) -> None:
        await database.exec(self.insert(table, "a"))
        rows = await database.query(Statement(f"SELECT name FROM {table}"), read_only=True)
        assert listed(rows) == [{"name": "a"}]

    async def test_a_query_that_changes_something_is_refused(self, database: SQLBackend, table: str) -> None:
        await database.exec(self.insert(table, "a"))
        changes = (
            f"INSERT INTO {table} (name) VALUES ('b')",
            f"UPDATE {table} SET name = 'b'",
            f"DELETE FROM {table}",
            f"DROP TABLE {table}",
            f"CREATE TABLE {table}3 (a INTEGER)",
        )
        for text in changes:
            with pytest.raises(ReadOnlyError):
                await database.query(Statement(text), read_only=True)
        assert await self.names(database, table) == ["a"]

    async def test_a_database_opened_for_reading_changes_nothing(
        self, open_database: OpenDatabase, database: SQLBackend, table: str
    ) -> None:
        await database.exec(self.insert(table, "a"))
        async with open_database(read_only=True) as reader:
            await reader.health()
            assert await self.names(reader, table) == ["a"]
            with pytest.raises(ReadOnlyError):
                await reader.exec(self.insert(table, "b"))
            with pytest.raises(ReadOnlyError):
                await reader.query(Statement(f"DELETE FROM {table}"))
        assert await self.names(database, table) == ["a"]

    async def test_it_cannot_be_talked_out_of_it(self, database: SQLBackend, table: str) -> None:
        for text in ("PRAGMA query_only = 0", "SET TRANSACTION READ WRITE", "COMMIT", "BEGIN"):
            try:
                await database.query(Statement(text), read_only=True)
            except SQLError as error:
                assert str(error)  # noqa: PT017 - what a server does not know it refuses
            with pytest.raises(ReadOnlyError):
                await database.query(Statement(f"INSERT INTO {table} (name) VALUES ('b')"), read_only=True)
        assert await self.names(database, table) == []

"""Statements, results, parameters."""

import base64

import pytest

from tarmac_sql.backend import Rows, SQLBackend, SQLError, Statement
from tarmac_sql.conformance.suite import Suite, listed


class Statements(Suite):
    """What a statement does and what comes back."""

    async def test_columns_keep_their_order_and_rows_are_objects(self, database: SQLBackend) -> None:
        rows = await database.query(Statement("SELECT 2 AS b, 1 AS a, NULL AS c"))
        assert rows.columns == ("b", "a", "c")
        assert listed(rows) == [{"b": 2, "a": 1, "c": None}]

    async def test_no_rows_are_an_empty_list_with_columns(self, database: SQLBackend, table: str) -> None:
        rows = await database.query(Statement(f"SELECT id, name FROM {table}"))
        assert rows == Rows(("id", "name"), b"[]")

    async def test_ddl_and_dml_through_query_work_and_give_no_rows(self, database: SQLBackend, table: str) -> None:
        assert await database.query(Statement(f"CREATE TABLE {table}2 (a INTEGER)")) == Rows((), b"[]")
        assert await database.query(Statement(f"INSERT INTO {table}2 VALUES (7)")) == Rows((), b"[]")
        assert listed(await database.query(Statement(f"SELECT a FROM {table}2"))) == [{"a": 7}]
        assert await database.query(Statement(f"DROP TABLE {table}2")) == Rows((), b"[]")
        with pytest.raises(SQLError):
            await database.query(Statement(f"SELECT a FROM {table}2"))

    async def test_exec_counts_rows_and_tells_the_new_id(self, database: SQLBackend, table: str) -> None:
        first = await database.exec(self.insert(table, "a"))
        second = await database.exec(self.insert(table, "b"))
        assert (first.rows_affected, first.missing) == (1, "")
        assert (first.last_insert_id, second.last_insert_id) == ((1, 2) if self.has_insert_id else (0, 0))
        both = await database.exec(Statement(f"UPDATE {table} SET score = 1"))
        assert both == (2, 0, "")
        assert await database.exec(Statement(f"DELETE FROM {table} WHERE id > 99")) == (0, 0, "")

    async def test_text_without_parameters_reaches_the_server_untouched(self, database: SQLBackend) -> None:
        text = f"SELECT '100 % :x %s %(a)s ? $1 {self.backslash}' AS t"
        rows = await database.query(Statement(text))
        assert listed(rows) == [{"t": "100 % :x %s %(a)s ? $1 \\"}]

    async def test_text_of_any_script_comes_back(self, database: SQLBackend, table: str) -> None:
        text = "Zürich, 東京, \U0001f6a7, <b>&amp;</b>, \u2028, \"'`"
        await database.exec(self.insert(table, text))
        assert await self.names(database, table) == [text]

    async def test_equal_column_names_collapse_to_the_last(self, database: SQLBackend) -> None:
        rows = await database.query(Statement("SELECT 1 AS a, 2 AS a"))
        assert rows.columns == ("a", "a")
        assert listed(rows) == [{"a": 2}]

    @pytest.mark.parametrize("text", ["SELEC 1", "SELECT * FROM no_such_table", "SELECT 1 FROM", "'"])
    async def test_what_the_server_refuses_is_an_error_in_its_words(self, database: SQLBackend, text: str) -> None:
        with pytest.raises(SQLError) as raised:
            await database.query(Statement(text))
        assert str(raised.value)
        with pytest.raises(SQLError):
            await database.exec(Statement(text))
        assert listed(await database.query(Statement("SELECT 1 AS a"))) == [{"a": 1}]


class Parameters(Suite):
    """Values beside the text."""

    async def test_each_kind_of_value_comes_back(self, database: SQLBackend, table: str) -> None:
        marks = ", ".join(self.placeholders[:4])
        values = (2**53 + 1, "it's; -- text", 0.1, b"\x00\xff<")
        await database.exec(Statement(f"INSERT INTO {table} (id, name, score, data) VALUES ({marks})", values))
        rows = await database.query(
            Statement(f"SELECT * FROM {table} WHERE name = {self.placeholders[0]}", values[1:2])
        )
        data = base64.b64encode(values[3]).decode()
        assert listed(rows) == [{"id": values[0], "name": values[1], "score": 0.1, "data": data}]

    async def test_null_is_a_value(self, database: SQLBackend, table: str) -> None:
        marks = ", ".join(self.placeholders[:3])
        await database.exec(Statement(f"INSERT INTO {table} (name, score, data) VALUES ({marks})", (None, None, None)))
        rows = await database.query(Statement(f"SELECT name, score, data FROM {table}"))
        assert listed(rows) == [{"name": None, "score": None, "data": None}]

    async def test_a_value_is_never_read_as_sql(self, database: SQLBackend, table: str) -> None:
        evil = f"x'); DROP TABLE {table}; --"
        await database.exec(self.insert(table, evil))
        assert await self.names(database, table) == [evil]

    async def test_a_wrong_number_of_parameters_is_an_error(self, database: SQLBackend, table: str) -> None:
        with pytest.raises(SQLError):
            await database.exec(Statement(f"INSERT INTO {table} (name) VALUES ({self.placeholders[0]})", ("a", "b")))
        assert await self.names(database, table) == []

"""Parameters: whatever a value holds, it stays a value, under each mode of the server."""

import base64
import json
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tarmac_sql import SQLBackend, SQLError, Statement, Value
from tarmac_sql_mysql.parameters import filled

from tests.services.mariadb import MariaDBServer

OpenMySQL = Callable[..., AbstractAsyncContextManager[SQLBackend]]

EVIL: tuple[str | bytes, ...] = (
    "' OR 1=1 -- ",
    "\\' OR 1=1 -- ",
    '\\" OR 1=1 -- ',
    "\\",
    "'",
    "''",
    "%s %(a)s ? :x $1 %",
    "a\0b\x1ac\r\n",
    "\u00bf' \u2019 \uff07 \U0001f6a7",
    "*/ /*! ; */ `",
    b"\xbf' OR 1=1 -- ",
    b"\\' OR 1=1 -- ",
    b"\xbf\\' OR 1=1 -- ",
    bytes(range(256)),
    b"",
    "",
)
MODES = ["''", "'NO_BACKSLASH_ESCAPES'", "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "'ANSI_QUOTES,PIPES_AS_CONCAT'"]


@pytest.mark.parametrize("mode", MODES)
async def test_what_looks_like_sql_comes_back_as_it_was(
    shared_server: MariaDBServer, open_with: OpenMySQL, mode: str
) -> None:
    dsn = shared_server.dsn(options=f"sql_mode={mode}")
    async with open_with(dsn=dsn) as database:
        rows = await database.query(Statement("SELECT " + ", ".join(f"? AS a{n}" for n in range(len(EVIL))), EVIL))
        found = [*json.loads(rows.data)[0].values()]
        assert found == [one if isinstance(one, str) else base64.b64encode(one).decode() for one in EVIL]


async def test_a_statement_that_changed_the_mode_changes_nothing_for_the_next(
    shared_server: MariaDBServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=shared_server.dsn(), pool_size=1) as database:
        await database.exec(Statement("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'"))
        rows = await database.query(Statement("SELECT 'a\\'?' AS a, ? AS b", ("x\\'",)))
    assert json.loads(rows.data) == [{"a": "a'?", "b": "x\\'"}]


async def test_numbers_keep_their_kind(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    values = (2**63 - 1, -(2**63), 0.1, 1e300, -2.0, True, False, None)
    text = "SELECT " + ", ".join(f"? AS a{n}" for n in range(len(values)))
    async with open_with(dsn=shared_server.dsn()) as database:
        rows = await database.query(Statement(text, values))
        assert [*json.loads(rows.data)[0].values()] == [*values[:5], 1, 0, None]
        assert (await database.query(Statement("SELECT 1 AS a LIMIT?", (1,)))).data == b'[{"a":1}]'
        for value in (float("nan"), float("inf"), -float("inf")):
            with pytest.raises(SQLError, match="no number for"):
                await database.query(Statement("SELECT ? AS a", (value,)))


async def test_text_compares_and_sorts_like_text(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    async with open_with(dsn=shared_server.dsn()) as database:
        rows = await database.query(
            Statement("SELECT ? = 'ABC' AS a, ? LIKE 'x%' AS b, ? + 1 AS c, 'é' = ? AS d", ("abc", "xyz", "12", "É"))
        )
    assert json.loads(rows.data) == [{"a": 1, "b": 1, "c": 13.0, "d": 1}]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a ? b ? c", ["a ", " b ", " c"]),
        ("'?' ? \"?\" `?`", ["'?' ", ' "?" `?`']),
        ("'\\'?' ?", ["'\\'?' ", ""]),
        ("'a''?' ?", ["'a''?' ", ""]),
        ("? -- ?\n?", ["", " -- ?\n", ""]),
        ("?--?", ["", "--", ""]),
        ("? # ?\n/* ? */ ?", ["", " # ?\n/* ? */ ", ""]),
        ("/*!50000 ? */ /*M! ? */", ["/*!50000 ", " */ /*M! ", " */"]),
        ("? 'no end ?", ["", " 'no end ?"]),
        ("? /* no end ?", ["", " /* no end ?"]),
        ("no", ["no"]),
    ],
)
def test_what_is_a_placeholder(text: str, parts: list[str]) -> None:
    count = len(parts) - 1
    assert filled(text, (7,) * count, has_backslashes=True) == " 7 ".join(parts)
    with pytest.raises(SQLError, match=f"has {count} placeholders"):
        filled(text, (7,) * (count + 1), has_backslashes=True)


def test_without_backslashes_a_string_ends_at_its_quote() -> None:
    assert filled("'a\\' ?", (1,), has_backslashes=False) == "'a\\'  1 "
    with pytest.raises(SQLError):
        filled("'a\\' ?", (1,), has_backslashes=True)


@given(st.one_of(st.text(), st.binary(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none()))
def test_a_value_adds_no_quote_backslash_or_semicolon(value: Value) -> None:
    text = filled("?", (value,), has_backslashes=True)
    inner = text.strip().removeprefix("_utf8mb4 X'").removeprefix("_binary X'").removesuffix("'")
    assert inner.replace("-", "").isalnum() or inner == ""


@pytest.mark.parametrize("piece", ["/*", "'", "'\\'", '"', "`", "-- ", "#", "?", "\\"])
def test_looking_for_placeholders_takes_time_in_proportion(piece: str) -> None:
    began_s = time.perf_counter()
    with pytest.raises(SQLError):
        filled(piece * 200_000 + "?", (None, 1, 2, 3), has_backslashes=True)
    assert time.perf_counter() - began_s < 1.0

"""Each type of the servers, in both shapes."""

import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tarmac_sql import SQLBackend, SQLError, Statement

from tests.services.mariadb import MariaDBServer, MySQLServer

OpenMySQL = Callable[..., AbstractAsyncContextManager[SQLBackend]]

WKB = b"\0\0\0\0\x01\x01\0\0\0" + b"\0\0\0\0\0\0\xf0\x3f" + b"\0\0\0\0\0\0\0\x40"
DIGITS, TEXT = "12345678901234567890.0123456789", "Zürich <東京> \U0001f6a7"
ID = "123e4567-e89b-12d3-a456-426655440000"
# Type, how SQL writes a value, the value in natural JSON, and what the server sends, which is base64 in Go's shape.
TYPES: list[tuple[str, str, Any, str | bytes]] = [
    ("TINYINT", "-128", -128, "-128"),
    ("TINYINT UNSIGNED", "255", 255, "255"),
    ("SMALLINT", "-32768", -32768, "-32768"),
    ("MEDIUMINT", "-8388608", -8388608, "-8388608"),
    ("INT", "-2147483648", -(2**31), "-2147483648"),
    ("BIGINT", "-9223372036854775808", -(2**63), "-9223372036854775808"),
    ("BIGINT UNSIGNED", "18446744073709551615", 2**64 - 1, "18446744073709551615"),
    ("BOOL", "TRUE", 1, "1"),
    ("TINYINT(1)", "-5", -5, "-5"),
    ("FLOAT", "0.1", 0.1, "0.1"),
    ("DOUBLE", "2.5e-300", 2.5e-300, "2.5e-300"),
    ("DOUBLE", "2", 2.0, "2"),
    ("DECIMAL(30,10)", "'12345678901234567890.0123456789'", DIGITS, DIGITS),
    ("CHAR(5)", "'ab '", "ab", "ab"),
    ("VARCHAR(20)", f"'{TEXT}'", TEXT, TEXT),
    ("VARCHAR(9) CHARACTER SET latin1", "'é'", "é", "é"),
    ("TEXT", "'text'", "text", "text"),
    ("LONGTEXT", "''", "", ""),
    ("BINARY(3)", "X'00FF'", "AP8A", b"\0\xff\0"),
    ("VARBINARY(9)", "X'00FF'", "AP8=", b"\0\xff"),
    ("BLOB", "X'80'", "gA==", b"\x80"),
    ("LONGBLOB", "''", "", ""),
    ("BIT(1)", "b'1'", 1, b"\x01"),
    ("BIT(9)", "b'101010101'", 341, b"\x01\x55"),
    ("DATE", "'2024-02-29'", "2024-02-29", "2024-02-29"),
    ("DATETIME", "'2024-02-29 01:02:03'", "2024-02-29T01:02:03", "2024-02-29 01:02:03"),
    ("DATETIME(6)", "'9999-12-31 23:59:59.123456'", "9999-12-31T23:59:59.123456", "9999-12-31 23:59:59.123456"),
    ("TIMESTAMP(3) NULL", "'2024-06-01 12:00:00.5'", "2024-06-01T12:00:00.500", "2024-06-01 12:00:00.500"),
    ("TIME", "'-12:30:00'", "-12:30:00", "-12:30:00"),
    ("TIME(6)", "'838:59:58.999999'", "838:59:58.999999", "838:59:58.999999"),
    ("YEAR", "2024", 2024, "2024"),
    ("ENUM('x','y')", "'y'", "y", "y"),
    ("SET('p','q')", "'p,q'", "p,q", "p,q"),
    ("POINT", "POINT(1, 2)", base64.b64encode(WKB).decode(), WKB),
    ("INT", "NULL", None, ""),
    ("DATETIME", "NULL", None, ""),
]
ONLY_MARIADB: list[tuple[str, str, Any, str | bytes]] = [
    ("UUID", f"'{ID}'", ID, ID),
    ("INET6", "'::1'", "::1", "::1"),
    ("JSON", "'{\"a\": [1, null]}'", '{"a": [1, null]}', '{"a": [1, null]}'),
]
ONLY_MYSQL: list[tuple[str, str, Any, str | bytes]] = [
    ("JSON", '\'{"a": [1, null, 1.5, "é"]}\'', {"a": [1, None, 1.5, "é"]}, '{"a": [1, null, 1.5, "é"]}'),
]


def types_of(server: MariaDBServer) -> list[tuple[str, str, Any, str | bytes]]:
    return TYPES + (ONLY_MYSQL if isinstance(server, MySQLServer) else ONLY_MARIADB)


def in_go(sql: str, sent: str | bytes) -> str | None:
    data = sent.encode() if isinstance(sent, str) else sent
    return None if sql == "NULL" else base64.b64encode(data).decode()


async def rows_of(database: SQLBackend, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((await database.query(Statement(text))).data)
    return found


async def stored(database: SQLBackend, types: list[tuple[str, str, Any, str | bytes]]) -> dict[str, Any]:
    """One row with a column for each type, read back."""
    columns = ", ".join(f"c{number} {one[0]}" for number, one in enumerate(types))
    await database.exec(Statement("DROP TABLE IF EXISTS kinds"))
    await database.exec(Statement(f"CREATE TABLE kinds ({columns}) CHARACTER SET utf8mb4"))
    await database.exec(Statement(f"INSERT INTO kinds VALUES ({', '.join(one[1] for one in types)})"))
    return (await rows_of(database, "SELECT * FROM kinds"))[0]


async def test_natural_values(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    types = types_of(shared_server)
    async with open_with(dsn=shared_server.dsn()) as database:
        row = await stored(database, types)
    assert row == {f"c{number}": one[2] for number, one in enumerate(types)}


async def test_values_as_go_has_them(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    types = types_of(shared_server)
    async with open_with(dsn=shared_server.dsn(), values="go") as database:
        row = await stored(database, types)
    assert row == {f"c{number}": in_go(one[1], one[3]) for number, one in enumerate(types)}
    assert list(row) == sorted(row)


@pytest.mark.parametrize(
    ("options", "moment"),
    [
        ("parseTime=true", "2024-02-29T01:02:03.5Z"),
        ("parseTime=true&loc=Europe%2FParis", "2024-02-29T01:02:03.5+01:00"),
        ("parseTime=true&loc=UTC", "2024-02-29T01:02:03.5Z"),
    ],
)
async def test_times_with_parse_time_are_those_of_go(
    shared_server: MariaDBServer, open_with: OpenMySQL, options: str, moment: str
) -> None:
    text = "SELECT CAST('2024-02-29 01:02:03.500' AS DATETIME(3)) AS a, CAST('2024-02-29' AS DATE) AS b"
    async with open_with(dsn=shared_server.dsn(options=options), values="go") as database:
        row = (await rows_of(database, text))[0]
    assert row["a"] == moment
    assert row["b"] == "2024-02-29T00:00:00" + moment[21:]


async def test_zero_dates_come_as_they_are_and_in_go_as_the_year_1(
    shared_server: MariaDBServer, open_with: OpenMySQL
) -> None:
    dsn = shared_server.dsn(options="sql_mode=%27%27")
    async with open_with(dsn=dsn) as database:
        await database.exec(Statement("DROP TABLE IF EXISTS zeros"))
        await database.exec(Statement("CREATE TABLE zeros (a DATE, b DATETIME, c DATE, d TIME, e DATETIME(3))"))
        zeros = "'0000-00-00', '0000-00-00', '2024-00-00', '00:00:00', '0000-00-00'"
        await database.exec(Statement(f"INSERT INTO zeros VALUES ({zeros})"))
        assert list((await rows_of(database, "SELECT * FROM zeros"))[0].values()) == [
            *("0000-00-00", "0000-00-00T00:00:00", "2024-00-00", "00:00:00", "0000-00-00T00:00:00.000"),
        ]
    async with open_with(dsn=dsn + "&parseTime=true", values="go") as database:
        row = (await rows_of(database, "SELECT a, b, c, e FROM zeros"))[0]
    assert list(row.values()) == [*["0001-01-01T00:00:00Z"] * 2, "2024-01-01T00:00:00Z", "0001-01-01T00:00:00Z"]


async def test_values_of_expressions(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    text = "SELECT sum(1) AS a, avg(1) AS b, count(*) AS c, 1 = 1 AS d, 1.5 AS e, 1.5e0 AS f, X'41' AS g"
    async with open_with(dsn=shared_server.dsn()) as database:
        rows = await rows_of(database, text)
    assert rows == [{"a": "1", "b": "1.0000", "c": 1, "d": 1, "e": "1.5", "f": 1.5, "g": "QQ=="}]


async def test_json_of_mysql_that_is_nested_too_deeply_is_an_error_and_the_next_call_works(
    mysql: MySQLServer, open_with: OpenMySQL
) -> None:
    async with open_with(dsn=mysql.dsn()) as database:
        assert await rows_of(database, f"SELECT CAST('{'[' * 90}{']' * 90}' AS JSON) AS a")
        with pytest.raises(SQLError):
            await database.query(Statement(f"SELECT CAST('{'[' * 900}{']' * 900}' AS JSON) AS a"))
        await database.health()


async def test_a_vector_of_mysql_is_read_as_text(mysql: MySQLServer, open_with: OpenMySQL) -> None:
    vector = "STRING_TO_VECTOR('[1.5,2]')"
    async with open_with(dsn=mysql.dsn(), pool_size=1) as database:
        with pytest.raises(SQLError, match="VECTOR_TO_STRING"):
            await database.query(Statement(f"SELECT {vector} AS a"))
        assert await rows_of(database, f"SELECT VECTOR_TO_STRING({vector}) AS a") == [
            {"a": "[1.50000e+00,2.00000e+00]"}
        ]

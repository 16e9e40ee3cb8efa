"""What becomes of each type of the server's values, in both shapes."""

import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tarmac_sql import SQLBackend, Statement
from tarmac_sql.backend import ConversionError

OpenPostgres = Callable[..., AbstractAsyncContextManager[SQLBackend]]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

# Expression, natural value, value of the original; the session's zone is UTC.
VALUES: list[tuple[str, Any, Any]] = [
    ("NULL", None, None),
    ("32767::int2", 32767, 32767),
    ("(-2147483648)::int4", -2147483648, -2147483648),
    ("9223372036854775807::int8", 9223372036854775807, 9223372036854775807),
    ("count(*) FROM (VALUES (1), (2)) AS t", 2, 2),
    ("1.1::float4", 1.1, 1.1),
    ("0.1::float8", 0.1, 0.1),
    ("2::float8", 2.0, 2),
    ("1e300::float8", 1e300, 1e300),
    ("12345678901234567890.10::numeric", "12345678901234567890.10", b64("12345678901234567890.10")),
    ("'NaN'::numeric", "NaN", b64("NaN")),
    ("sum(x) FROM (VALUES (1::int8), (2)) AS t (x)", "3", b64("3")),
    ("avg(x) FROM (VALUES (1), (2)) AS t (x)", "1.5000000000000000", b64("1.5000000000000000")),
    ("'ab'::char(4)", "ab  ", "ab  "),
    ("'Zürich'::varchar", "Zürich", "Zürich"),
    ("'東京'::text", "東京", "東京"),
    ("''::text", "", ""),
    ("'x'::\"char\"", "x", "x"),
    ("'\\x00ff3c'::bytea", "AP88", "AP88"),
    ("''::bytea", "", ""),
    ("true", True, True),
    ("1 = 2", False, False),
    ("'2024-02-29'::date", "2024-02-29", "2024-02-29T00:00:00Z"),
    ("'2024-02-29 23:59:58.123456'::timestamp", "2024-02-29T23:59:58.123456", "2024-02-29T23:59:58.123456Z"),
    ("'2024-02-29 23:59:58'::timestamp", "2024-02-29T23:59:58", "2024-02-29T23:59:58Z"),
    ("'2024-02-29 23:59:58.5+02'::timestamptz", "2024-02-29T21:59:58.5Z", "2024-02-29T21:59:58.5Z"),
    ("'13:14:15.16'::time", "13:14:15.16", "0000-01-01T13:14:15.16Z"),
    ("'24:00'::time", "24:00:00", "0000-01-02T00:00:00Z"),
    ("'13:14:15+05:30'::timetz", "13:14:15+05:30", "0000-01-01T13:14:15+05:30"),
    ("'13:14:15+02'::timetz", "13:14:15+02:00", "0000-01-01T13:14:15+02:00"),
    ("'infinity'::timestamptz", "infinity", b64("infinity")),
    ("'-infinity'::date", "-infinity", b64("-infinity")),
    (
        """'{"b": [1, 2.50, "x"], "a": null}'::json""",
        {"b": [1, 2.5, "x"], "a": None},
        b64('{"b": [1, 2.50, "x"], "a": null}'),
    ),
    ("""'{"b": [1, 2.50], "a": null}'::jsonb""", {"a": None, "b": [1, 2.5]}, b64('{"a": null, "b": [1, 2.50]}')),
    ("'null'::jsonb", None, b64("null")),
    (f"'{UUID}'::uuid", UUID, b64(UUID)),
    ("ARRAY[1, NULL, 3]", [1, None, 3], b64("{1,NULL,3}")),
    ("ARRAY[[1, 2], [3, 4]]::int8[]", [[1, 2], [3, 4]], b64("{{1,2},{3,4}}")),
    ("ARRAY['a,b', '\"', NULL]::text[]", ["a,b", '"', None], b64('{"a,b","\\"",NULL}')),
    ("'{}'::text[]", [], b64("{}")),
    ("ARRAY['2024-02-29 01:02:03']::timestamp[]", ["2024-02-29T01:02:03"], b64('{"2024-02-29 01:02:03"}')),
    ("ARRAY['\\xff'::bytea]", ["/w=="], b64('{"\\\\xff"}')),
    ("""ARRAY['{"a": [1]}'::jsonb]""", [{"a": [1]}], b64('{"{\\"a\\": [1]}"}')),
    ("'1 year 2 days 03:04:05'::interval", "1 year 2 days 03:04:05", b64("1 year 2 days 03:04:05")),
    ("'192.168.0.1/24'::inet", "192.168.0.1/24", b64("192.168.0.1/24")),
    ("'tarmac'::name", "tarmac", b64("tarmac")),
    ("4294967295::oid", 4294967295, b64("4294967295")),
    ("'pg_class'::regclass", "pg_class", b64("pg_class")),
    ("'[1,5)'::int4range", "[1,5)", b64("[1,5)")),
    ("'1.5'::money", "$1.50", b64("$1.50")),
    ("B'101'", "101", b64("101")),
    ("ROW(1, 'a')", "(1,a)", b64("(1,a)")),
    ("'0044-03-15 BC'::date", "0044-03-15 BC", ConversionError),
    ("'0001-12-31 BC'::date", "0001-12-31 BC", "0000-12-31T00:00:00Z"),
    ("'12345-01-02'::date", "12345-01-02", ConversionError),
    ("'12345-01-02 03:04:05'::timestamp", "12345-01-02T03:04:05", ConversionError),
    ("'NaN'::float8", "NaN", ConversionError),
    ("'-Infinity'::float4", "-Infinity", ConversionError),
    ("ARRAY['NaN', 1]::float8[]", ["NaN", 1.0], b64("{NaN,1}")),
]


@pytest.mark.parametrize(("expression", "natural", "_go"), VALUES, ids=[one[0] for one in VALUES])
async def test_natural_values(open_database: OpenPostgres, expression: str, natural: Any, _go: Any) -> None:
    async with open_database() as database:
        rows = await database.query(Statement(f"SET timezone = 'UTC'; SELECT {expression}"))
    ((value,),) = [one.values() for one in json.loads(rows.data)]
    assert value == natural
    assert type(value) is type(natural)


@pytest.mark.parametrize(("expression", "_natural", "go"), VALUES, ids=[one[0] for one in VALUES])
async def test_values_of_the_original(open_database: OpenPostgres, expression: str, _natural: Any, go: Any) -> None:
    async with open_database(values="go") as database:
        statement = Statement(f"SET timezone = 'UTC'; SELECT {expression}")
        if go is ConversionError:
            with pytest.raises(ConversionError, match=r"json: unsupported value|year outside of range"):
                await database.query(statement)
            return
        rows = await database.query(statement)
    ((value,),) = [one.values() for one in json.loads(rows.data)]
    assert value == go
    assert type(value) is type(go)


@pytest.mark.parametrize(("values", "expected"), [("natural", "sad"), ("go", b64("sad"))])
async def test_an_enum_is_text(open_database: OpenPostgres, values: str, expected: str) -> None:
    async with open_database(values=values) as database:
        await database.exec(Statement("CREATE TYPE mood AS ENUM ('sad', 'glad')"))
        try:
            rows = await database.query(Statement("SELECT 'sad'::mood AS a"))
            assert json.loads(rows.data) == [{"a": expected}]
        finally:
            await database.exec(Statement("DROP TYPE mood"))


@pytest.mark.parametrize(("zone", "expected"), [("Europe/Zurich", "+02:00"), ("Asia/Kolkata", "+05:30"), ("UTC", "Z")])
@pytest.mark.parametrize("values", ["natural", "go"])
async def test_a_time_with_zone_is_in_the_session_s(
    open_database: OpenPostgres, values: str, zone: str, expected: str
) -> None:
    text = f"SET timezone = '{zone}'; SELECT '2024-07-01 12:00:00+00'::timestamptz AS a"
    async with open_database(values=values) as database:
        assert json.loads((await database.query(Statement(text))).data)[0]["a"][19:] == expected


async def test_dates_are_iso_whatever_the_server_s_style(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        await database.exec(Statement("ALTER ROLE tarmac SET datestyle = 'German'"))
    try:
        async with open_database() as database:
            rows = await database.query(Statement("SELECT '2024-02-29'::date AS a"))
            assert json.loads(rows.data) == [{"a": "2024-02-29"}]
    finally:
        async with open_database() as database:
            await database.exec(Statement("ALTER ROLE tarmac RESET datestyle"))


async def test_a_json_value_too_deep_to_be_written_is_an_error_of_that_call(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        for depth in (900, 5000):
            statement = Statement(f"SELECT (repeat('[', {depth}) || repeat(']', {depth}))::json AS a")
            try:
                assert json.loads((await database.query(statement)).data)
            except ConversionError as error:
                assert "nested too deeply" in str(error)  # noqa: PT017 - Python's limit decides which of both it is
        await database.health()


async def test_text_that_is_not_utf_8_is_an_error_of_that_call(open_database: OpenPostgres) -> None:
    async with open_database() as database:
        with pytest.raises(ConversionError, match="not UTF-8"):
            await database.query(Statement("SET client_encoding = 'LATIN1'; SELECT 'é'::text AS a"))
        assert (await database.query(Statement("SELECT 'é'::text AS a"))).data == '[{"a":"é"}]'.encode()

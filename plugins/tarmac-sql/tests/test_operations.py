import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tarmac_sql import Done, ReadOnlyError, Rows, SQLError, Statement, wire_json, wire_protobuf
from tarmac_sql.backend import NO_ROWS, ConversionError
from tarmac_sql.requests import Request
from tarmac_sql.sql_pb2 import SQLExec, SQLExecResponse, SQLQuery, SQLQueryResponse
from tarmac_sql.sql_pb2 import Value as WireValue

from tarmac_core.testing import Capability

Serving = Callable[[Any], AbstractAsyncContextManager[Capability]]
ROWS = Rows(("b", "a"), b'[{"b":1,"a":null}]')


def as_json(text: bytes, **more: object) -> bytes:
    return json.dumps({"query": base64.b64encode(text).decode(), **more}).encode()


async def test_a_query_in_protobuf_is_answered_in_protobuf(serving: Serving, told: Any) -> None:
    database = told(ROWS)
    async with serving(database) as sql:
        answer = await sql.call("query", SQLQuery(query=b"SELECT '%' :x").SerializeToString())
    assert answer.is_ok
    reply = SQLQueryResponse.FromString(answer.payload)
    assert (reply.status.code, reply.status.status) == (200, "OK")
    assert (tuple(reply.columns), reply.data) == ROWS
    assert database.asked == [(Statement("SELECT '%' :x", None), False)]


async def test_a_query_in_json_is_answered_byte_for_byte_as_by_the_original(serving: Serving, told: Any) -> None:
    async with serving(told(ROWS)) as sql:
        answer = await sql.call("query", as_json(b"SELECT 1"))
    data = base64.b64encode(ROWS.data).decode()
    assert answer.payload == f'{{"status":{{"code":200,"status":"OK"}},"data":"{data}"}}'.encode()


async def test_the_bytes_of_the_originals_messages_are_read_and_written(serving: Serving, told: Any) -> None:
    async with serving(told(Done(3, 7))) as sql:
        answer = await sql.call("exec", b"\x0a\x02ab")
    assert answer.payload == b"\x0a\x07\x08\xc8\x01\x12\x02OK\x10\x07\x18\x03"
    async with serving(told(Rows(("a",), b"[]"))) as sql:
        answer = await sql.call("query", b"\x0a\x02ab")
    assert answer.payload == b"\x0a\x07\x08\xc8\x01\x12\x02OK\x22\x01a\x2a\x02[]"


async def test_exec_in_json_gives_both_numbers(serving: Serving, told: Any) -> None:
    async with serving(told(Done(3, 7))) as sql:
        answer = await sql.call("exec", as_json(b"x"))
    assert json.loads(answer.payload) == {
        "status": {"code": 200, "status": "OK"},
        "last_insert_id": 7,
        "rows_affected": 3,
    }


@pytest.mark.parametrize("is_json", [False, True])
async def test_what_could_not_be_learned_is_a_206_that_counts_as_success(
    serving: Serving, told: Any, *, is_json: bool
) -> None:
    missing = "Unable to get last insert ID - not there"
    payload = as_json(b"x") if is_json else SQLExec(query=b"x").SerializeToString()
    async with serving(told(Done(3, missing=missing))) as sql:
        answer = await sql.call("exec", payload)
    assert answer.is_ok
    if is_json:
        assert json.loads(answer.payload)["status"] == {"code": 206, "status": missing}
    else:
        reply = SQLExecResponse.FromString(answer.payload)
        assert (reply.status.code, reply.status.status, reply.rows_affected) == (206, missing, 3)


@pytest.mark.parametrize("operation", ["query", "exec"])
async def test_values_arrive_in_both_formats(serving: Serving, told: Any, operation: str) -> None:
    expected = (None, True, -(2**63), 0.5, "ä", b"\x00\xff")
    wire = [
        WireValue(),
        WireValue(boolean=True),
        WireValue(integer=-(2**63)),
        WireValue(real=0.5),
        WireValue(text="ä"),
        WireValue(blob=b"\x00\xff"),
    ]
    database = told(ROWS if operation == "query" else Done())
    async with serving(database) as sql:
        await sql.call(operation, SQLQuery(query=b"q", args=wire).SerializeToString())
        await sql.call(operation, as_json(b"q", args=[*expected[:5], {"base64": "AP8="}]))
    assert [asked.args for asked, _ in database.asked] == [expected, expected]
    assert [type(one) for one in database.asked[1][0].args] == [type(one) for one in expected]


@pytest.mark.parametrize(
    ("operation", "error", "code", "text"),
    [
        ("query", SQLError("no"), 500, "Unable to execute query - unable to execute query - no"),
        ("query", ConversionError("NaN"), 500, "Unable to convert query results to JSON - NaN"),
        ("query", ReadOnlyError("ro"), 403, "Unable to execute query - ro"),
        ("exec", SQLError("no"), 500, "Unable to execute query - no"),
        ("exec", ReadOnlyError("ro"), 403, "Unable to execute query - ro"),
        ("query", ValueError("password=x"), 500, "internal error"),
    ],
)
@pytest.mark.parametrize("is_json", [False, True])
async def test_a_failure_has_the_originals_words_in_the_text_and_in_the_reply(
    serving: Serving, told: Any, *, is_json: bool, operation: str, error: Exception, code: int, text: str
) -> None:
    payload = as_json(b"x") if is_json else SQLQuery(query=b"x").SerializeToString()
    async with serving(told(error)) as sql:
        answer = await sql.call(operation, payload)
    assert (answer.code, answer.error) == (code, text)
    if is_json:
        assert json.loads(answer.payload)["status"] == {"code": code, "status": text}
    else:
        status = SQLExecResponse.FromString(answer.payload).status
        assert (status.code, status.status) == (code, text)


@pytest.mark.parametrize(
    ("operation", "payload", "text"),
    [
        ("query", b"", "SQL Query must be defined"),
        ("exec", b"", "SQL Query must be defined"),
        ("query", b'{"query":""}', "SQL Query must be defined"),
        ("query", b"{}", "SQL Query must be defined"),
        ("query", b"{nonsense", "Error Parsing Input"),
        ("query", b'{"query":7}', "Error Parsing Input"),
        ("query", b'{"query":"U0VM*"}', "Unable to decode query - illegal base64 data at input byte 4"),
        ("query", as_json(b"\xff"), "Unable to decode query - not UTF-8 at byte 0"),
        ("exec", b"\x0a\x02a\x00", "Unable to decode query - there is a NUL in it; send it as a parameter (args)"),
        ("exec", b"\xff\xff", "unable to unmarshal database:exec request"),
        ("exec", b"\x08\x01", "unable to unmarshal database:exec request"),
        ("query", as_json(b"x", args=7), "Error Parsing Input"),
        ("query", as_json(b"x", args=[1, [2]]), "Unable to decode args - value 2 is a list or beyond 64 bits"),
        ("query", as_json(b"x", args=[2**63]), "Unable to decode args - value 1 is a list or beyond 64 bits"),
        ("exec", as_json(b"x", args=[{"b": "x"}]), 'Unable to decode args - value 1 is no {"base64": text}'),
        (
            "exec",
            as_json(b"x", args=[{"base64": "*"}]),
            "Unable to decode args - value 1: illegal base64 data at input byte 0",
        ),
    ],
)
async def test_a_bad_request_is_a_400_and_reaches_no_database(
    serving: Serving, told: Any, operation: str, payload: bytes, text: str
) -> None:
    database = told(ROWS)
    async with serving(database) as sql:
        answer = await sql.call(operation, payload)
    assert (answer.code, answer.error) == (400, text)
    assert database.asked == []


async def test_a_grant_that_only_reads_refuses_exec_and_what_query_would_change(serving: Serving, told: Any) -> None:
    text = "not granted: the database may only be read (grants.sql.read_only)"
    payload = SQLQuery(query=b"x").SerializeToString()
    database = told(ROWS)
    async with serving(database) as sql:
        assert (await sql.call("query", payload, grant={"read_only": True})).is_ok
        refused = await sql.call("exec", payload, grant={"read_only": True})
        database.answer = ReadOnlyError("attempt")
        changed = await sql.call("query", payload, grant={"read_only": True})
        database.answer = Done()
        assert (await sql.call("exec", payload, grant={})).is_ok
    assert [(one.code, one.error) for one in (refused, changed)] == [(403, text), (403, text)]
    assert [only_reads for _, only_reads in database.asked] == [True, True, False]


@given(text=st.binary(min_size=1, max_size=3000), blank=st.sampled_from(["", " ", "\n", "\r\n", "\t  "]))
def test_a_json_request_is_never_taken_for_protobuf(text: bytes, blank: str) -> None:
    payload = blank.encode() + as_json(text)
    assert wire_protobuf.read(SQLQuery, payload) is None
    assert wire_json.read_query(payload) == Request(text)


@given(text=st.binary(max_size=3000), numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4))
def test_a_protobuf_request_is_never_taken_for_json(text: bytes, numbers: list[int]) -> None:
    message = SQLExec(query=text, args=[WireValue(integer=number) for number in numbers])
    assert wire_protobuf.read(SQLExec, message.SerializeToString()) == Request(text, tuple(numbers) or None)


async def test_more_parameters_than_any_database_takes_are_refused(serving: Serving, told: Any) -> None:
    payload = SQLQuery(query=b"x").SerializeToString() + b"\x12\x00" * 4_000_000
    async with serving(told(NO_ROWS)) as sql:
        answer = await sql.call("query", payload)
    assert (answer.is_ok, answer.error) == (False, "Error Parsing Input")

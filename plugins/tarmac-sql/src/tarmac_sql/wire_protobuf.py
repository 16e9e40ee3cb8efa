"""Requests and answers in protobuf. Answers begin with a ready-made Status: joined messages are one message."""

from collections.abc import Iterable
from typing import TypeVar, cast

from tarmac_core.plugin import HostCallError
from tarmac_core.plugin.wire.protobuf import parse
from tarmac_sql.backend import Done, Rows, Value
from tarmac_sql.requests import Request
from tarmac_sql.sql_pb2 import SQLExec, SQLExecResponse, SQLQuery, SQLQueryResponse, Status
from tarmac_sql.sql_pb2 import Value as WireValue

MessageT = TypeVar("MessageT", SQLQuery, SQLExec)

# All answers have their Status in field 1, so that one encoding serves all of them.
_OK = SQLExecResponse(status=Status(code=200, status="OK")).SerializeToString()


def read(kind: type[MessageT], payload: bytes) -> Request | None:
    """Read a request, or return None for bytes that are to be read as JSON."""
    message = parse(kind, payload, "query")
    if message is None:
        return None
    return Request(message.query, _args(message.args) if message.args else None)


def _args(values: Iterable[WireValue]) -> tuple[Value, ...]:
    return tuple(_value(value) for value in values)


def _value(value: WireValue) -> Value:
    kind = value.WhichOneof("kind")
    return None if kind is None else cast(Value, getattr(value, kind))


def encode_rows(reply: Rows | HostCallError) -> bytes:
    """The answer to `query`."""
    if isinstance(reply, HostCallError):
        return _encode_error(reply)
    return _OK + SQLQueryResponse(columns=reply.columns, data=reply.data).SerializeToString()


def encode_done(reply: Done | HostCallError) -> bytes:
    """The answer to `exec`."""
    if isinstance(reply, HostCallError):
        return _encode_error(reply)
    status = SQLExecResponse(status=Status(code=206, status=reply.missing)).SerializeToString()
    numbers = SQLExecResponse(last_insert_id=reply.last_insert_id, rows_affected=reply.rows_affected)
    return (status if reply.missing else _OK) + numbers.SerializeToString()


def _encode_error(error: HostCallError) -> bytes:
    return SQLExecResponse(status=Status(code=error.code, status=error.message)).SerializeToString()

"""The formats of the host calls: an answer has that of its question."""

from tarmac_core.plugin import Encode
from tarmac_sql import wire_json, wire_protobuf
from tarmac_sql.backend import Done, Rows
from tarmac_sql.requests import Request
from tarmac_sql.sql_pb2 import SQLExec, SQLQuery


def read_query(payload: bytes) -> tuple[Request, Encode[Rows]]:
    """A `query`, and the encoder of its answer."""
    request = wire_protobuf.read(SQLQuery, payload)
    if request is None:
        return wire_json.read_query(payload), wire_json.encode_rows
    return request, wire_protobuf.encode_rows


def read_exec(payload: bytes) -> tuple[Request, Encode[Done]]:
    """An `exec`, and the encoder of its answer."""
    request = wire_protobuf.read(SQLExec, payload)
    if request is None:
        return wire_json.read_exec(payload), wire_json.encode_done
    return request, wire_protobuf.encode_done

"""Requests and answers in JSON: those of the original byte for byte, `args` and `exec` in the same style."""

from tarmac_core.plugin import HostCallError
from tarmac_core.plugin.wire.go_json import (
    JSONError,
    Members,
    list_field,
    read_base64,
    read_object,
    text_field,
    write_base64,
    write_text,
)
from tarmac_sql.backend import Done, Rows, Value
from tarmac_sql.requests import Request

_INT64 = range(-(2**63), 2**63)
_BLOB = "base64"


def read_query(payload: bytes) -> Request:
    """`{"query": base64, "args": [...]}`; raises a 400 that carries its own encoding."""
    try:
        return _read(payload)
    except JSONError:
        error = HostCallError(400, "Error Parsing Input")
    except HostCallError as refused:
        error = refused
    error.payload = encode_rows(error)
    raise error


def read_exec(payload: bytes) -> Request:
    """The same; what is no JSON gets the text that the original has for what is no protobuf."""
    try:
        return _read(payload)
    except JSONError:
        raise HostCallError(400, "unable to unmarshal database:exec request") from None
    except HostCallError as error:
        error.payload = encode_done(error)
        raise


def _read(payload: bytes) -> Request:
    members = read_object(payload)
    text = text_field(members, "query") or ""
    values = list_field(members, "args")
    try:
        query = read_base64(text)
    except JSONError as error:
        raise HostCallError(400, f"Unable to decode query - {error}") from error
    return Request(query, tuple(_value(value, number) for number, value in enumerate(values, 1)) or None)


def _value(value: object, number: int) -> Value:
    if isinstance(value, Members):
        return _blob(value, number)
    if isinstance(value, list) or (isinstance(value, int) and value not in _INT64):
        raise HostCallError(400, f"Unable to decode args - value {number} is a list or beyond 64 bits")
    assert value is None or isinstance(value, bool | int | float | str)
    if isinstance(value, str) and not value.isascii():
        return text_field({"text": value}, "text")
    return value


def _blob(members: Members, number: int) -> bytes:
    if len(members) != 1 or members[0][0] != _BLOB or not isinstance(members[0][1], str):
        raise HostCallError(400, f'Unable to decode args - value {number} is no {{"{_BLOB}": text}}')
    try:
        return read_base64(members[0][1])
    except JSONError as error:
        raise HostCallError(400, f"Unable to decode args - value {number}: {error}") from error


def encode_rows(reply: Rows | HostCallError) -> bytes:
    """The answer to `query`."""
    data = b"" if isinstance(reply, HostCallError) else reply.data
    return f'{{{_status(reply)},"data":{write_base64(data)}}}'.encode()


def encode_done(reply: Done | HostCallError) -> bytes:
    """The answer to `exec`."""
    done = Done() if isinstance(reply, HostCallError) else reply
    numbers = f'"last_insert_id":{done.last_insert_id},"rows_affected":{done.rows_affected}'
    return f"{{{_status(reply)},{numbers}}}".encode()


def _status(reply: Rows | Done | HostCallError) -> str:
    code, text = 200, "OK"
    if isinstance(reply, HostCallError):
        code, text = reply.code, reply.message
    elif isinstance(reply, Done) and reply.missing:
        code, text = 206, reply.missing
    return f'"status":{{"code":{code},"status":{write_text(text)}}}'

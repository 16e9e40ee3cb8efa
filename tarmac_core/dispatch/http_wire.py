"""The messages of the capability `http`, as protobuf and as JSON. Protobuf is imported when the first one comes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from tarmac_core.plugin import Encode, HostCallError, Request

SetHeaders: TypeAlias = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ResponseSet:
    """What a guest sets: a status, 0 for none, and headers."""

    code: int = 0
    headers: SetHeaders = field(default_factory=dict)


def decode_get(payload: bytes) -> tuple[None, Encode[Request]]:
    """Read `request/get`: nothing is asked; JSON in, JSON out."""
    return None, _get_as_json if _is_json(payload) else _get_as_protobuf


def decode_set(payload: bytes) -> tuple[ResponseSet, Encode[None]]:
    """Read `response/set`. Raises HostCallError 400 for what is neither JSON nor protobuf."""
    if _is_json(payload):
        return _read_json(payload), _set_as_json
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - costs 30 ms that most servers never need

    from tarmac_core.dispatch.exchange_pb2 import ResponseSet as Wire  # noqa: PLC0415

    try:
        wire = Wire.FromString(payload)
    except DecodeError as error:
        refusal = HostCallError(400, "Error Parsing Input")
        refusal.payload = _set_as_protobuf(refusal)
        raise refusal from error
    headers = {name: tuple(header.values) for name, header in wire.headers.items()}
    return ResponseSet(wire.code, headers), _set_as_protobuf


def _is_json(payload: bytes) -> bool:
    """Neither message has a field that begins with white space, so what follows it decides."""
    return payload.lstrip(b" \t\r\n")[:1] == b"{"


def _get_as_protobuf(reply: Request | HostCallError) -> bytes:
    from tarmac_core.dispatch.exchange_pb2 import Header, Pair, RequestGetResponse, Status  # noqa: PLC0415

    if isinstance(reply, HostCallError):
        return RequestGetResponse(status=Status(code=reply.code, status=reply.message)).SerializeToString()
    return RequestGetResponse(
        status=Status(code=200, status="OK"),
        method=reply.method,
        path=_text(reply.path),
        route=_text(reply.route),
        parameters={name: _text(value) for name, value in reply.parameters.items()},
        query=[Pair(name=_text(name), value=_text(value)) for name, value in reply.query],
        headers={_text(name): Header(values=map(_text, values)) for name, values in reply.headers.items()},
        remote_address=reply.remote_address,
        tls_subject=_text(reply.tls_subject),
    ).SerializeToString()


def _get_as_json(reply: Request | HostCallError) -> bytes:
    if isinstance(reply, HostCallError):
        return _status(reply)
    message = {
        "status": {"code": 200, "status": "OK"},
        "method": reply.method,
        "path": reply.path,
        "route": reply.route,
        "parameters": dict(reply.parameters),
        "query": [{"name": name, "value": value} for name, value in reply.query],
        "headers": {name: list(values) for name, values in reply.headers.items()},
        "remote_address": reply.remote_address,
        "tls_subject": reply.tls_subject,
    }
    return json.dumps(message).encode()


def _set_as_protobuf(reply: HostCallError | None) -> bytes:
    return _set_status(reply.code, reply.message) if reply else _set_done()


@cache
def _set_done() -> bytes:
    return _set_status(200, "OK")


def _set_status(code: int, text: str) -> bytes:
    from tarmac_core.dispatch.exchange_pb2 import ResponseSetResponse, Status  # noqa: PLC0415

    return ResponseSetResponse(status=Status(code=code, status=text)).SerializeToString()


def _set_as_json(reply: HostCallError | None) -> bytes:
    return _status(reply)


def _status(error: HostCallError | None) -> bytes:
    code, text = (error.code, error.message) if error else (200, "OK")
    return json.dumps({"status": {"code": code, "status": text}}).encode()


def _text(value: str) -> str:
    """Protobuf strings are UTF-8: what a client sent as lone surrogates is replaced."""
    return value.encode("utf-8", "replace").decode()


def _read_json(payload: bytes) -> ResponseSet:
    refusal = HostCallError(400, "Error Parsing Input")
    refusal.payload = _set_as_json(refusal)
    try:
        message = json.loads(payload)
        code, headers = message.get("code", 0), message.get("headers", {})
        if not isinstance(code, int) or not isinstance(headers, dict):
            raise refusal
        return ResponseSet(code, {name: _values(values, refusal) for name, values in headers.items()})
    except (ValueError, RecursionError) as error:
        raise refusal from error


def _values(values: object, refusal: HostCallError) -> tuple[str, ...]:
    """A header is one string or a list of them."""
    listed = [values] if isinstance(values, str) else values
    if isinstance(listed, list) and all(isinstance(value, str) for value in listed):
        return tuple(listed)
    raise refusal

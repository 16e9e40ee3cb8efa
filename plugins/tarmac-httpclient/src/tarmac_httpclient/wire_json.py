"""Requests and answers in JSON, byte for byte as the original's; `truncated` is added where a body was cut."""

from typing import Any

from tarmac_core.plugin import HostCallError
from tarmac_core.plugin.wire.go_json import JSONError, read_base64, read_object, text_field, write_base64, write_text
from tarmac_httpclient.messages import HTTPReply, HTTPRequest


def read(payload: bytes) -> HTTPRequest:
    """`{"method": text, "headers": {text: text}, "url": text, "body": base64, "insecure": bool}`.

    Raises a 400 that carries its own encoding, since there is no request to take it from.
    """
    try:
        return _request(read_object(payload))
    except JSONError:
        error = HostCallError(400, "Error Parsing Input")
    except HostCallError as refused:
        error = refused
    error.payload = encode(error)
    raise error


def _request(members: dict[str, Any]) -> HTTPRequest:
    method, url, body = (text_field(members, name) or "" for name in ("method", "url", "body"))
    is_insecure, headers = members.get("insecure", False), members.get("headers", [])
    if not isinstance(is_insecure, bool) or not isinstance(headers, list):
        raise JSONError("a member is not of its type")
    try:
        data = read_base64(body)
    except JSONError as error:
        raise HostCallError(400, f"Unable to decode data - {error}") from error
    return HTTPRequest(method, url, _headers(headers), data, is_insecure)


def _headers(pairs: list[Any]) -> tuple[tuple[str, str], ...]:
    """One value a name; a null is an empty text to Go, and of equal names the last counts."""
    headers: dict[str, str] = {}
    for pair in pairs:
        if not isinstance(pair, tuple):
            raise JSONError("headers are no object")
        headers[pair[0].lower()] = text_field({"value": pair[1]}, "value") or ""
    return tuple(headers.items())


def encode(reply: HTTPReply | HostCallError) -> bytes:
    """The answer to `call`: the first value of each header, names in order."""
    if isinstance(reply, HostCallError):
        status = f'{{"code":{reply.code},"status":{write_text(reply.message)}}}'
        return f'{{"status":{status},"code":0,"headers":null,"body":""}}'.encode()
    first: dict[str, bytes] = {}
    for name, value in reply.headers:
        first.setdefault(name, value)
    headers = ",".join(f"{write_text(name)}:{write_text(first[name])}" for name in sorted(first))
    truncated = ',"truncated":true' if reply.is_truncated else ""
    body = write_base64(reply.body)
    text = f'{{"status":{{"code":200,"status":"OK"}},"code":{reply.code},"headers":{{{headers}}},"body":{body}{truncated}}}'
    return text.encode()

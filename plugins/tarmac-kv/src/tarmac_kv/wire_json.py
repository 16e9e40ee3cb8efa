"""Requests and answers in JSON, byte for byte as the original's: key order, escapes, base64 for data."""

from collections.abc import Callable
from typing import Any, TypeVar

from tarmac_core.plugin import HostCallError
from tarmac_core.plugin.wire.go_json import (
    JSONError,
    read_base64,
    read_object,
    text_field,
    whole_field,
    write_base64,
    write_text,
    write_texts,
)
from tarmac_kv.backend import Page
from tarmac_kv.requests import CasRequest, DeleteRequest, GetRequest, KeysRequest, SetRequest

RequestT = TypeVar("RequestT")

_OK = '"status":{"code":200,"status":"OK"}'


def read_get(payload: bytes) -> GetRequest:
    """`{"key": text}`."""
    return _read(payload, lambda members: GetRequest(_key(members), is_json=True), encode_value)


def read_set(payload: bytes) -> SetRequest:
    """`{"key": text, "data": base64, "ttl_ms": number}`."""
    return _read(
        payload,
        lambda members: SetRequest(_key(members), _data(members, "data"), whole_field(members, "ttl_ms"), is_json=True),
        encode_done,
    )


def read_delete(payload: bytes) -> DeleteRequest:
    """`{"key": text}`."""
    return _read(payload, lambda members: DeleteRequest(_key(members), is_json=True), encode_done)


def read_keys(payload: bytes) -> KeysRequest:
    """Nothing at all, or `{"prefix": text, "cursor": base64, "limit": number}`."""
    if not payload:
        return KeysRequest()
    return _read(payload, _keys_request, encode_page)


def read_cas(payload: bytes) -> CasRequest:
    """`{"key": text, "expected": base64, "data": base64, "ttl_ms": number}`."""
    return _read(payload, _cas_request, encode_swapped)


def _keys_request(members: dict[str, Any]) -> KeysRequest:
    return KeysRequest(
        (text_field(members, "prefix") or "").encode(),
        _data(members, "cursor") or b"",
        whole_field(members, "limit"),
    )


def _cas_request(members: dict[str, Any]) -> CasRequest:
    return CasRequest(
        _key(members),
        _data(members, "expected"),
        _data(members, "data"),
        whole_field(members, "ttl_ms"),
        is_json=True,
    )


def _read(
    payload: bytes, build: Callable[[dict[str, Any]], RequestT], encode: Callable[[HostCallError], bytes]
) -> RequestT:
    """Build a request, or raise a 400 that carries its own encoding, since there is no request to take it from."""
    try:
        return build(read_object(payload))
    except JSONError:
        error = HostCallError(400, "Error Parsing Input")
    except HostCallError as refused:
        error = refused
    error.payload = encode(error)
    raise error


def _key(members: dict[str, Any]) -> bytes:
    return (text_field(members, "key") or "").encode()


def _data(members: dict[str, Any], name: str) -> bytes | None:
    text = text_field(members, name)
    if text is None:
        return None
    try:
        return read_base64(text)
    except JSONError as error:
        raise HostCallError(400, f"Unable to decode {name} - {error}") from error


def encode_value(reply: bytes | HostCallError) -> bytes:
    """The answer to `get`."""
    data = b"" if isinstance(reply, HostCallError) else reply
    return f'{{{_status(reply)},"data":{write_base64(data)}}}'.encode()


def encode_done(reply: HostCallError | None) -> bytes:
    """The answer to `set` and `delete`."""
    return f"{{{_status(reply)}}}".encode()


def encode_page(reply: Page | HostCallError) -> bytes:
    """The answer to `keys`: null for no keys, and a cursor only where there is one."""
    page = Page([]) if isinstance(reply, HostCallError) else reply
    keys = write_texts(page.keys) if page.keys else "null"
    more = f',"cursor":{write_base64(page.cursor)}' if page.cursor else ""
    return f'{{"keys":{keys},{_status(reply)}{more}}}'.encode()


def encode_swapped(reply: bool | HostCallError) -> bytes:
    """The answer to `cas`."""
    swapped = "true" if reply is True else "false"
    return f'{{{_status(reply)},"swapped":{swapped}}}'.encode()


def _status(reply: object) -> str:
    if isinstance(reply, HostCallError):
        return f'"status":{{"code":{reply.code},"status":{write_text(reply.message)}}}'
    return _OK

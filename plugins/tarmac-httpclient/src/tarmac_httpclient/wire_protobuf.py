"""Requests and answers in protobuf."""

import re

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from tarmac_core.plugin import HostCallError
from tarmac_httpclient.go_json import JSONError, read_object
from tarmac_httpclient.httpclient_pb2 import HTTPClient, HTTPClientResponse, Status
from tarmac_httpclient.messages import HTTPReply, HTTPRequest

_LIKE_JSON = re.compile(rb"[ \t\r\n]+\{")


def parse(payload: bytes) -> HTTPRequest | None:
    """Read a message, or return None for bytes that are to be read as JSON."""
    if payload[:1] == b"{":
        return None
    try:
        message = HTTPClient.FromString(payload)
    except DecodeError:
        return None
    if _has_wrong_types(message) or _is_json_request(payload):
        return None
    headers = (
        (name, value.decode("utf-8", "surrogateescape"))
        for name, header in message.headers.items()
        for value in header.values
    )
    method, url = (part.decode("utf-8", "surrogateescape") for part in (message.method, message.url))
    return HTTPRequest(method, url, tuple(headers), message.body, message.insecure)


def _has_wrong_types(message: HTTPClient) -> bool:
    # This runtime passes over a known field of a wrong wire type; guests were built against one that refuses it.
    unknown = UnknownFieldSet(message)
    known = message.DESCRIPTOR.fields_by_number
    return any(unknown[index].field_number in known for index in range(len(unknown)))


def _is_json_request(payload: bytes) -> bool:
    # White space and a brace are also the start of a message: a newline is a field 1, a brace its length.
    if not _LIKE_JSON.match(payload):
        return False
    try:
        return "url" in read_object(payload)
    except JSONError:
        return False


def encode(reply: HTTPReply | HostCallError) -> bytes:
    """The answer to `call`."""
    if isinstance(reply, HostCallError):
        return HTTPClientResponse(status=Status(code=reply.code, status=reply.message)).SerializeToString()
    message = HTTPClientResponse(
        status=Status(code=200, status="OK"), code=reply.code, body=reply.body, truncated=reply.is_truncated
    )
    for name, value in reply.headers:
        message.headers[name].values.append(value)
    return message.SerializeToString()

"""The host call `call`: decode, make the call, answer in the format of the question."""

from collections.abc import Callable

from tarmac_core.plugin import Encode, Operation, Operations
from tarmac_httpclient import wire_json, wire_protobuf
from tarmac_httpclient.client import Client
from tarmac_httpclient.connections import Connections
from tarmac_httpclient.messages import HTTPReply, HTTPRequest
from tarmac_httpclient.settings import HTTPClientSettings


def http_operations(settings: HTTPClientSettings, connections: Connections, clock: Callable[[], float]) -> Operations:
    """The capability's operations on opened `connections`."""
    return {"call": Operation(_decode, Client(settings, connections, clock).call)}


def _decode(payload: bytes) -> tuple[HTTPRequest, Encode[HTTPReply]]:
    request = wire_protobuf.parse(payload)
    if request is None:
        return wire_json.read(payload), wire_json.encode
    return request, wire_protobuf.encode

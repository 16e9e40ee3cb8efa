"""The format of the host call `call`: an answer has that of its question."""

from tarmac_core.plugin import Encode
from tarmac_httpclient import wire_json, wire_protobuf
from tarmac_httpclient.messages import HTTPReply, HTTPRequest


def decode(payload: bytes) -> tuple[HTTPRequest, Encode[HTTPReply]]:
    """The request, and the encoder of its format."""
    request = wire_protobuf.read(payload)
    if request is None:
        return wire_json.read(payload), wire_json.encode
    return request, wire_protobuf.encode

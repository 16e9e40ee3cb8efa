"""Requests and answers in protobuf."""

from tarmac_core.plugin import HostCallError
from tarmac_core.plugin.wire.protobuf import parse
from tarmac_httpclient.httpclient_pb2 import HTTPClient, HTTPClientResponse, Status
from tarmac_httpclient.messages import HTTPReply, HTTPRequest

# More than any server takes; to read millions of them would hold up the event loop for seconds.
_MOST_HEADERS = 10_000


def read(payload: bytes) -> HTTPRequest | None:
    """Read a request, or return None for bytes that are to be read as JSON."""
    message = parse(HTTPClient, payload, "url")
    if message is None:
        return None
    if sum(len(header.values) for header in message.headers.values()) > _MOST_HEADERS:
        error = HostCallError(400, f"Unable to create HTTP request - there are more than {_MOST_HEADERS} headers")
        error.payload = encode(error)
        raise error
    headers = (
        (name, value.decode("utf-8", "surrogateescape"))
        for name, header in message.headers.items()
        for value in header.values
    )
    method, url = (part.decode("utf-8", "surrogateescape") for part in (message.method, message.url))
    return HTTPRequest(method, url, tuple(headers), message.body, message.insecure)


def encode(reply: HTTPReply | HostCallError) -> bytes:
    """The answer to `call`."""
    if isinstance(reply, HostCallError):
        # The text may quote bytes of a guest or a server that are no Unicode, which a message cannot hold.
        text = reply.message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return HTTPClientResponse(status=Status(code=reply.code, status=text)).SerializeToString()
    message = HTTPClientResponse(
        status=Status(code=200, status="OK"), code=reply.code, body=reply.body, truncated=reply.is_truncated
    )
    for name, value in reply.headers:
        message.headers[name].values.append(value)
    return message.SerializeToString()

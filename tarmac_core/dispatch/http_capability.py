"""The capability `http`: a guest reads the request that it answers and sets status and headers of the response."""

from tarmac_core.dispatch.context import HttpExchange
from tarmac_core.dispatch.http_wire import ResponseSet, decode_get, decode_set
from tarmac_core.dispatch.table import Capability
from tarmac_core.plugin import SERVER_HEADERS, Call, HostCallError, Operation, Operations, Request, header_fault

MOST_HEADER_BYTES = 65536


def http_capability() -> Capability:
    """Describe it; only the function that an HTTP route names gets past 404."""
    operations: Operations = {
        "request/get": Operation(decode=decode_get, handler=get_request),
        "response/set": Operation(decode=decode_set, handler=set_response),
    }
    return Capability(name="http", plugin="tarmac", operations=operations)


def get_request(call: Call, _: None) -> Request:
    """Return the request that `call` answers."""
    return _exchange(call).request


def set_response(call: Call, wanted: ResponseSet) -> None:
    """Set status and headers; headers of the same names are replaced. Nothing is set when any part is refused."""
    exchange = _exchange(call)
    if wanted.code and not 200 <= wanted.code <= 599:
        raise HostCallError(400, f"status {wanted.code} is not between 200 and 599")
    for name, values in wanted.headers.items():
        _check_header(name, values)
    named = {name.lower() for name in wanted.headers}
    kept = [pair for pair in exchange.headers if pair[0].lower() not in named]
    added = [(name, value) for name, values in wanted.headers.items() for value in values]
    if sum(len(name) + len(value) for name, value in kept + added) > MOST_HEADER_BYTES:
        # They wait here until the function ends: without a limit one call could fill the server's memory.
        raise HostCallError(400, f"the headers of the answer are more than {MOST_HEADER_BYTES} bytes")
    exchange.headers[:] = kept + added
    exchange.code = wanted.code or exchange.code


def _exchange(call: Call) -> HttpExchange:
    exchange = getattr(call, "exchange", None)
    if not isinstance(exchange, HttpExchange):
        raise HostCallError(404, f"function {call.function} does not answer an HTTP request here")
    return exchange


def _check_header(name: str, values: tuple[str, ...]) -> None:
    if name.lower() in SERVER_HEADERS:
        raise HostCallError(400, f"header {name} belongs to the server")
    for value in values or ("",):
        if fault := header_fault(name, value):
            raise HostCallError(400, fault)

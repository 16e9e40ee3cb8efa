"""HTTP: requests from sockets to `Endpoint`, answers back, and everything that can go wrong between.

In: routes, an asynchronous callable that runs a function, settings. Out: answers. May import `plugin` and rooms below;
the only room that imports Tornado.

* `endpoint`: `Request` in, `Response` out, no sockets; with `routing`, `probes`, `answers` (failures, the server's own
  headers) and `sniff` (media types)
* `server`: listeners, sweep, draining; with `listener`, `tls`, `tornado_log`
* `connection`: one client; `exchange`: one request; with `streams`, `watch` (phases and time-outs), `target`, `wire`
* `settings`: what the room is told

The server's half is imported at first use: `Endpoint` alone needs no Tornado.
"""

from typing import TYPE_CHECKING, Any

from tarmac_core.http.endpoint import Endpoint, FunctionRoute, InvokeHttp, make_endpoints
from tarmac_core.http.probes import Check, Probes
from tarmac_core.http.settings import HttpSettings, ListenError, TlsError, TlsFiles

if TYPE_CHECKING:
    from tarmac_core.http.server import Server
    from tarmac_core.http.tls import load_context

__all__ = [
    "Check",
    "Endpoint",
    "FunctionRoute",
    "HttpSettings",
    "InvokeHttp",
    "ListenError",
    "Probes",
    "Server",
    "TlsError",
    "TlsFiles",
    "load_context",
    "make_endpoints",
]


def __getattr__(name: str) -> Any:
    if name == "Server":
        from tarmac_core.http.server import Server  # noqa: PLC0415 - see the docstring

        return Server
    if name == "load_context":
        from tarmac_core.http.tls import load_context  # noqa: PLC0415 - see the docstring

        return load_context
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

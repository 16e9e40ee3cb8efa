"""Calls functions by name and answers what their guests ask of the host.

In: a function's name, bytes, and a `CallContext`. Out: the guest's bytes, or an `InvocationError`. `app` gives it opened
capabilities and loaded functions; observers hear what happened. May import `wapc` and `plugin`, nothing above.

* `dispatcher`: the one door, deadlines, nesting
* `call`: one call and its host calls; `table`: what the names of a host call mean, grants; `watch`: handlers that block
* `http_capability`, `http_wire`: the capability `http`, built in because only core knows the request
* `context`, `failures`, `log`, `observers`: what callers say, what clients read, what operators read, who listens
"""

from tarmac_core.dispatch.call import Function
from tarmac_core.dispatch.context import CallContext, HttpExchange
from tarmac_core.dispatch.dispatcher import Dispatcher
from tarmac_core.dispatch.http_capability import http_capability
from tarmac_core.dispatch.log import FIELDS, FieldLog, with_fields
from tarmac_core.dispatch.observers import Observers
from tarmac_core.dispatch.table import Capability, Grants

__all__ = [
    "FIELDS",
    "CallContext",
    "Capability",
    "Dispatcher",
    "FieldLog",
    "Function",
    "Grants",
    "HttpExchange",
    "Observers",
    "http_capability",
    "with_fields",
]

"""The engine: runs WebAssembly guests, one fiber a call, on the event loop's thread.

In: modules as bytes, limits, and for each call an operation, a payload and a function that answers host calls. Out: the
answer's bytes or a `GuestError`. It knows wasmtime, which nobody else imports, and nothing of plugins, HTTP or configuration.

* `engine` loads guests; `host` holds what their instances share; `program` is a compiled module, `binary` edits
  it, `interface` reads and `imports` checks what it imports and exports, `cache` keeps it on disk
* `guest` is a function with its `pool` of instances; `instance` links a store; `run` takes one call to its end
* `workers` poll guests that compute; `live` counts instances; `output` and `failure` turn what a guest says into text
* `_fiber.c` makes a call one step and has the ticker; `trampoline.wat` and `shim.wat` are the waPC imports; `_abi` is
  wasmtime's C interface; `steps` is what they agree on
"""

from tarmac_core.wapc.engine import Engine
from tarmac_core.wapc.errors import EngineError, GuestError, GuestErrorKind, GuestLoadError
from tarmac_core.wapc.guest import Guest
from tarmac_core.wapc.settings import Answer, EngineSettings, GuestLimits, GuestStats, HostCall, HostReply, Log

__all__ = [
    "Answer",
    "Engine",
    "EngineError",
    "EngineSettings",
    "Guest",
    "GuestError",
    "GuestErrorKind",
    "GuestLimits",
    "GuestLoadError",
    "GuestStats",
    "HostCall",
    "HostReply",
    "Log",
]

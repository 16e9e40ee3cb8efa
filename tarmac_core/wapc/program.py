"""A guest's compiled module with all that its instances need to know of it."""

from ctypes import c_uint32, c_void_p, cast

import wasmtime

from tarmac_core.wapc.binary import prepare
from tarmac_core.wapc.errors import GuestLoadError, one_line
from tarmac_core.wapc.host import Host
from tarmac_core.wapc.imports import Shape, check
from tarmac_core.wapc.settings import GuestLimits, Log


class Program:
    """Immutable but for `busy`, which `_fiber` sets when a slice was long, so that the next call starts on a worker."""

    __slots__ = ("busy", "host", "limits", "log", "module", "module_at", "name", "shape")

    def __init__(
        self, host: Host, name: str, module: wasmtime.Module, shape: Shape, limits: GuestLimits, log: Log | None
    ) -> None:
        self.host, self.name, self.module, self.shape, self.limits, self.log = host, name, module, shape, limits, log
        self.module_at = cast(module.ptr(), c_void_p).value or 0
        self.busy = c_uint32(0)


def load(host: Host, name: str, wasm: bytes, limits: GuestLimits, log: Log | None) -> Program:
    """Compile a module, or take it from the cache, and check it. On any thread. Raises GuestLoadError naming the module."""
    try:
        wasm = prepare(wasm, limits.memory_bytes)
        module = host.cache.compile(host.engine, wasm)
        return Program(host, name, module, check(wasm, module, host.known_linker), limits, log)
    except GuestLoadError as error:
        raise GuestLoadError(f"function `{name}`: {one_line(str(error))}") from error
    except wasmtime.WasmtimeError as error:
        reason = one_line(" ".join(str(error).split()))
        raise GuestLoadError(f"function `{name}`: the module is not valid: {reason}") from error

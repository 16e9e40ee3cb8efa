"""What all instances of one engine share: wasmtime's engine, the shim, the linkers, the ticker and the workers."""

import ctypes
import platform
import resource
from ctypes import byref, c_void_p, cast
from pathlib import Path

import wasmtime

from tarmac_core.wapc import _fiber, steps
from tarmac_core.wapc._abi import Api, Extern, library_version
from tarmac_core.wapc.cache import Cache
from tarmac_core.wapc.errors import EngineError
from tarmac_core.wapc.imports import PROVIDED
from tarmac_core.wapc.live import Live
from tarmac_core.wapc.settings import EngineSettings
from tarmac_core.wapc.workers import Workers

MAX_WASM_STACK_BYTES = 512 << 10
ASYNC_STACK_BYTES = 2 << 20
_STACK_MARGIN_BYTES = 256 << 10  # what wasmtime itself needs on a fiber; with less, deep recursion aborts the process
_PAGE_BYTES = 65536
_GUARD_BYTES = 32 << 20


class Host:
    """Made by `Engine`; its parts are read by instances on the event loop. Raises EngineError."""

    def __init__(self, settings: EngineSettings) -> None:
        if ctypes.sizeof(Extern) != 32 or _fiber.VALUE_BYTES != 32 or _fiber.POINTER_BYTES != 8:
            raise EngineError(f"the engine needs a 64-bit machine, this is {platform.machine()}")
        self.settings = settings
        self.notices: list[str] = []
        self.api = Api()
        self.io_pages = _io_pages(settings)
        config = self._configure()
        self.engine = wasmtime.Engine(config)
        self.pointer = cast(self.engine.ptr(), c_void_p).value or 0
        salt = f"{library_version()} {self.io_pages} {MAX_WASM_STACK_BYTES} {self.reservation_bytes}"
        self.cache = Cache(settings.cache_dir, salt, self.notices.append)
        self.void = wasmtime.FuncType([], [])  # belongs to the first engine that it is used with
        self.shim = self._compile("shim.wat")
        self.trampoline = wasmtime.Linker(self.engine).instantiate_pre(self._compile("trampoline.wat"))
        self.linker = wasmtime.Linker(self.engine)
        self.linker.allow_shadowing = True
        self.linker.define_wasi()
        self.known_linker = self._known()
        self.shim_at, self.trampoline_at, self.linker_at = (
            cast(part.ptr(), c_void_p).value or 0 for part in (self.shim, self.trampoline, self.linker)
        )
        self.workers = Workers(settings.workers)
        self.live = Live()
        self.runtime = _fiber.Runtime(self.engine, self.pointer, int(settings.tick_ms * 1e6), self._functions())

    def _functions(self) -> tuple[int, ...]:
        return tuple(
            self.api.address(name)
            for name in (
                "func_call_async",
                "call_future_poll",
                "call_future_delete",
                "store_delete",
                "wasm_trap_delete",
                "error_delete",
                "context_set_epoch_deadline",
                "engine_increment_epoch",
                "memory_grow",
            )
        )

    def _configure(self) -> wasmtime.Config:
        check_stacks(MAX_WASM_STACK_BYTES, ASYNC_STACK_BYTES)
        config = wasmtime.Config()
        config.wasm_multi_memory = True
        config.wasm_memory64 = False
        config.wasm_threads = False
        for name in ("gc_support", "wasm_gc", "wasm_function_references", "wasm_exceptions"):
            setattr(config, name, False)  # the heap of these is beyond the limit of a guest's memory
        config.epoch_interruption = True
        config.memory_may_move = False  # the address of `io` is a constant
        config.max_wasm_stack = MAX_WASM_STACK_BYTES
        self.api.config_async_stack_size_set(cast(config.ptr(), c_void_p), ASYNC_STACK_BYTES)
        self.reservation_bytes = self._reservation()
        if self.reservation_bytes:
            config.memory_reservation = self.reservation_bytes
            config.memory_guard_size = _PAGE_BYTES
        return config

    def _reservation(self) -> int:
        """0 for wasmtime's own, 4 GiB a memory; less where the process may not reserve that much (`ulimit -v`)."""
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit == resource.RLIM_INFINITY:
            return 0
        reserved = max(self.io_pages * _PAGE_BYTES, 256 << 20)
        self.notices.append(
            f"the address space is limited to {limit} bytes (ulimit -v): memories are limited to {reserved} bytes, "
            f"and at most {limit // (2 * reserved)} instances fit"
        )
        return reserved

    def _compile(self, name: str) -> wasmtime.Module:
        text = Path(__file__).with_name(name).read_text(encoding="utf-8").replace("{IO_PAGES}", str(self.io_pages))
        return self.cache.compile(self.engine, text)

    def wasm(self, text: str) -> bytes:
        """A module's bytes from its text."""
        return bytes(wasmtime.wat2wasm(text))

    def _known(self) -> wasmtime.Linker:
        """For the check of imports: WASI, and a stand-in for everything that the trampoline provides."""
        linker = wasmtime.Linker(self.engine)
        linker.allow_shadowing = True
        linker.define_wasi()
        for module, name, _, parameters, results in PROVIDED:
            kind = wasmtime.FuncType([_value_type(p) for p in parameters], [_value_type(r) for r in results])
            self.define_function(cast(linker.ptr(), c_void_p).value or 0, module.encode(), name.encode(), kind, 0)
        return linker

    def define_function(self, linker: int, module: bytes, name: bytes, kind: wasmtime.FuncType, fiber_at: int) -> None:
        """Define the one host function: it suspends the fiber at an address."""
        pointer = cast(kind.ptr(), c_void_p)
        error = self.api.linker_define_async_func(
            linker, module, len(module), name, len(name), pointer, _fiber.SUSPEND, fiber_at, None
        )
        self.api.check(error, name.decode())

    def define(self, linker: int, context: int, module: bytes, name: bytes, item: Extern) -> None:
        """Define an item of a store."""
        error = self.api.linker_define(linker, context, module, len(module), name, len(name), byref(item))
        self.api.check(error, f"{module.decode()}::{name.decode()}")

    def close(self) -> None:
        """Close every instance, then join the workers, then stop the ticker, which lets spinning guests come back."""
        self.live.close()
        self.workers.close()
        self.runtime.close()


def _value_type(name: str) -> wasmtime.ValType:
    return wasmtime.ValType.f64() if name == "f64" else wasmtime.ValType.i32()


def check_stacks(wasm_bytes: int, fiber_bytes: int) -> None:
    """Raise EngineError if a guest that recurses could run over the end of its fiber's stack."""
    if fiber_bytes < wasm_bytes + _STACK_MARGIN_BYTES:
        raise EngineError(f"a fiber of {fiber_bytes} bytes is too small for {wasm_bytes} bytes of WebAssembly stack")


def _io_pages(settings: EngineSettings) -> int:
    most = settings.max_request_bytes + settings.max_response_bytes + settings.max_host_call_bytes
    return -(-(most + steps.IO_SLACK_BYTES) // _PAGE_BYTES) + 1

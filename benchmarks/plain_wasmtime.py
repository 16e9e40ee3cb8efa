"""The peer: a waPC host as one writes it first, each import a Python function of plain wasmtime-py, calls blocking."""

from pathlib import Path

from wasmtime import Caller, Engine, Func, FuncType, Linker, Memory, Module, Store, ValType, WasiConfig

I32 = ValType.i32()


class PlainHost:
    """One instance of a guest that needs no host call; `call` is the only door."""

    def __init__(self, wasm: Path) -> None:
        engine = Engine()
        self._store = Store(engine)
        self._store.set_wasi(WasiConfig())
        linker = Linker(engine)
        linker.define_wasi()
        two, none = FuncType([I32, I32], []), FuncType([I32], [])
        for name, kind, function in (
            ("__guest_request", two, self._request),
            ("__guest_response", two, self._response),
            ("__guest_error", two, self._response),
            ("__console_log", two, self._ignore),
            ("__host_call", FuncType([I32] * 8, [I32]), self._refuse),
            ("__host_response_len", FuncType([], [I32]), self._refuse),
            ("__host_error_len", FuncType([], [I32]), self._refuse),
            ("__host_response", none, self._ignore),
            ("__host_error", none, self._ignore),
        ):
            linker.define_func("wapc", name, kind, function, access_caller=True)
        exports = linker.instantiate(self._store, Module.from_file(engine, str(wasm))).exports(self._store)
        for start in ("_initialize", "wapc_init"):
            if isinstance(starter := exports.get(start), Func):
                starter(self._store)
        entry = exports["__guest_call"]
        if not isinstance(entry, Func):
            raise TypeError("__guest_call is not a function")
        self._entry = entry
        self._operation = self._payload = self._answer = b""

    def call(self, operation: bytes, payload: bytes) -> bytes:
        """Call the guest and return its answer."""
        self._operation, self._payload = operation, payload
        if not self._entry(self._store, len(operation), len(payload)):
            raise RuntimeError("the guest failed")
        return self._answer

    @staticmethod
    def _memory(caller: Caller) -> Memory:
        memory = caller["memory"]
        if not isinstance(memory, Memory):
            raise TypeError("memory is not a memory")
        return memory

    def _request(self, caller: Caller, operation_at: int, payload_at: int) -> None:
        memory = self._memory(caller)
        memory.write(caller, self._operation, operation_at)
        memory.write(caller, self._payload, payload_at)

    def _response(self, caller: Caller, at: int, size: int) -> None:
        self._answer = bytes(self._memory(caller).read(caller, at, at + size))

    def _ignore(self, *_args: object) -> None:
        """Nothing to do for logs and answers nobody asked for."""

    def _refuse(self, *_args: object) -> int:
        return 0

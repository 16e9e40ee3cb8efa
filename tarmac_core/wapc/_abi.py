"""wasmtime's C API as far as the engine uses it beside wasmtime-py, each function with its C prototype.

Handles of our own on the library, so that wasmtime-py's argument types stay untouched. Pointers are passed as integers, which
is fastest; nothing checks them, so whoever calls names the owner of each first. `PyDLL` keeps the GIL: these calls are short,
and none of them runs guest code but `poll`, which only `_fiber` calls.
"""

import ctypes
from ctypes import POINTER, Structure, Union, c_bool, c_char_p, c_int, c_int64, c_size_t, c_uint8, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from wasmtime import _ffi

from tarmac_core.wapc.errors import EngineError

_P, _SZ = c_void_p, c_size_t


class ByteVec(Structure):
    """`wasm_byte_vec_t`: { size_t size; wasm_byte_t *data; }"""

    _fields_ = (("size", _SZ), ("data", _P))


class _ExternValue(Union):
    _fields_ = (("func", c_uint64 * 2), ("memory", c_uint64 * 3), ("table", c_uint64 * 3))


class Extern(Structure):
    """`wasmtime_extern_t`: { wasmtime_extern_kind_t kind; union { wasmtime_func_t func; ... } of; }"""

    _fields_ = (("kind", c_uint8), ("of", _ExternValue))


class InstanceHandle(Structure):
    """`wasmtime_instance_t`: { uint64_t store_id; size_t __private; }"""

    _fields_ = (("words", c_uint64 * 2),)


EXTERN_FUNC, EXTERN_MEMORY = 0, 3

# name: result, arguments
_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    # wasmtime_call_future_t *wasmtime_func_call_async(context, const func *, const val *args, nargs, val *results, nresults,
    #   wasm_trap_t **trap_ret, wasmtime_error_t **error_ret)
    "wasmtime_func_call_async": (_P, (_P, _P, _P, _SZ, _P, _SZ, _P, _P)),
    # bool wasmtime_call_future_poll(wasmtime_call_future_t *)
    "wasmtime_call_future_poll": (c_bool, (_P,)),
    # void wasmtime_call_future_delete(wasmtime_call_future_t *)
    "wasmtime_call_future_delete": (None, (_P,)),
    # wasmtime_call_future_t *wasmtime_linker_instantiate_async(const linker *, context, const module *, instance *,
    #   wasm_trap_t **, wasmtime_error_t **)
    "wasmtime_linker_instantiate_async": (_P, (_P, _P, _P, _P, _P, _P)),
    # wasmtime_call_future_t *wasmtime_instance_pre_instantiate_async(const instance_pre *, context, instance *,
    #   wasm_trap_t **, wasmtime_error_t **)
    "wasmtime_instance_pre_instantiate_async": (_P, (_P, _P, _P, _P, _P)),
    # wasmtime_linker_t *wasmtime_linker_clone(const linker *)
    "wasmtime_linker_clone": (_P, (_P,)),
    # void wasmtime_linker_delete(linker *)
    "wasmtime_linker_delete": (None, (_P,)),
    # wasmtime_error_t *wasmtime_linker_define(linker *, context, module, len, name, len, const extern *)
    "wasmtime_linker_define": (_P, (_P, _P, c_char_p, _SZ, c_char_p, _SZ, _P)),
    # wasmtime_error_t *wasmtime_linker_define_async_func(linker *, module, len, name, len, const functype *, callback,
    #   void *data, void (*finalizer)(void *))
    "wasmtime_linker_define_async_func": (_P, (_P, c_char_p, _SZ, c_char_p, _SZ, _P, _P, _P, _P)),
    # bool wasmtime_instance_export_get(context, const instance *, name, len, extern *)
    "wasmtime_instance_export_get": (c_bool, (_P, _P, c_char_p, _SZ, _P)),
    # wasmtime_store_t *wasmtime_store_new(engine *, void *data, void (*finalizer)(void *))
    "wasmtime_store_new": (_P, (_P, _P, _P)),
    # wasmtime_context_t *wasmtime_store_context(store *)
    "wasmtime_store_context": (_P, (_P,)),
    # void wasmtime_store_delete(store *)
    "wasmtime_store_delete": (None, (_P,)),
    # void wasmtime_store_limiter(store *, memory_size, table_elements, instances, tables, memories)
    "wasmtime_store_limiter": (None, (_P, c_int64, c_int64, c_int64, c_int64, c_int64)),
    # wasi_config_t *wasi_config_new(void)
    "wasi_config_new": (_P, ()),
    # wasmtime_error_t *wasmtime_context_set_wasi(context, wasi_config_t *)
    "wasmtime_context_set_wasi": (_P, (_P, _P)),
    # void wasmtime_context_set_epoch_deadline(context, ticks)
    "wasmtime_context_set_epoch_deadline": (None, (_P, c_uint64)),
    # void wasmtime_context_epoch_deadline_async_yield_and_update(context, delta); the header gives it a result that it has not
    "wasmtime_context_epoch_deadline_async_yield_and_update": (None, (_P, c_uint64)),
    # void wasmtime_engine_increment_epoch(engine *)
    "wasmtime_engine_increment_epoch": (None, (_P,)),
    # uint8_t *wasmtime_memory_data(const context, const memory *)
    "wasmtime_memory_data": (_P, (_P, _P)),
    # size_t wasmtime_memory_data_size(const context, const memory *)
    "wasmtime_memory_data_size": (_SZ, (_P, _P)),
    # wasmtime_error_t *wasmtime_memory_grow(context, const memory *, delta, uint64_t *previous)
    "wasmtime_memory_grow": (_P, (_P, _P, c_uint64, _P)),
    # void wasm_trap_delete(trap *) / void wasm_trap_message(const trap *, wasm_message_t *) / bool wasmtime_trap_code(...)
    "wasm_trap_delete": (None, (_P,)),
    "wasm_trap_message": (None, (_P, POINTER(ByteVec))),
    # void wasmtime_error_delete(error *) / void wasmtime_error_message(const error *, wasm_name_t *)
    "wasmtime_error_delete": (None, (_P,)),
    "wasmtime_error_message": (None, (_P, POINTER(ByteVec))),
    # bool wasmtime_error_exit_status(const error *, int *status)
    "wasmtime_error_exit_status": (c_bool, (_P, POINTER(c_int))),
    # void wasm_byte_vec_delete(wasm_byte_vec_t *)
    "wasm_byte_vec_delete": (None, (POINTER(ByteVec),)),
    # void wasmtime_config_async_stack_size_set(wasm_config_t *, size_t)
    "wasmtime_config_async_stack_size_set": (None, (_P, _SZ)),
}


def _library() -> str:
    """Path of the library that wasmtime-py has loaded."""
    return str(_ffi.dll._name)


def library_version() -> str:
    """What tells one build of wasmtime from another: it has no function that names its version."""
    status = Path(_library()).stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


class Api:
    """The functions of `_PROTOTYPES` as attributes, without their prefix `wasmtime_`.

    Raises EngineError when one is missing in the installed wasmtime.
    """

    def __init__(self) -> None:
        library = ctypes.PyDLL(_library())
        for name, (result, arguments) in _PROTOTYPES.items():
            try:
                function = library[name]
            except AttributeError as error:
                raise EngineError(f"the installed wasmtime has no function {name}; install wasmtime 50") from error
            function.restype, function.argtypes = result, arguments
            setattr(self, name.removeprefix("wasmtime_"), function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def address(self, name: str) -> int:
        """Address of a C function, for `_fiber`."""
        return ctypes.cast(getattr(self, name), c_void_p).value or 0

    def take_text(self, read: Any, owner: int) -> str:
        """Text that `read(owner, &vector)` gives."""
        vector = ByteVec()
        read(owner, ctypes.byref(vector))
        text = ctypes.string_at(vector.data, vector.size).decode("utf-8", "replace")
        self.wasm_byte_vec_delete(ctypes.byref(vector))
        return text.rstrip("\0")

    def take_error(self, error: int) -> tuple[str, int | None]:
        """Text of a `wasmtime_error_t` and the exit status in it, if any; deletes it."""
        status = c_int(0)
        is_exit = self.error_exit_status(error, ctypes.byref(status))
        text = self.take_text(self.error_message, error)
        self.error_delete(error)
        return text, status.value if is_exit else None

    def take_trap(self, trap: int) -> str:
        """Text of a `wasm_trap_t`; deletes it."""
        text = self.take_text(self.wasm_trap_message, trap)
        self.wasm_trap_delete(trap)
        return text

    def check(self, error: int | None, what: str) -> None:
        """Raise EngineError if a call gave a `wasmtime_error_t`."""
        if error:
            raise EngineError(f"{what}: {self.take_error(error)[0]}")

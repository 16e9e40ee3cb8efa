"""Which imports a guest may have, and whether a module fits: checked by type, without an instance."""

from dataclasses import dataclass

import wasmtime

from tarmac_core.wapc.binary import START
from tarmac_core.wapc.errors import GuestLoadError
from tarmac_core.wapc.interface import Import, Interface, Signature, read

_I = "i32"
# (module, name, the trampoline's export, parameters, results)
PROVIDED: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("wapc", "__guest_request", "__guest_request", (_I,) * 2, ()),
    ("wapc", "__guest_response", "__guest_response", (_I,) * 2, ()),
    ("wapc", "__guest_error", "__guest_error", (_I,) * 2, ()),
    ("wapc", "__host_call", "__host_call", (_I,) * 8, (_I,)),
    ("wapc", "__host_response_len", "__host_response_len", (), (_I,)),
    ("wapc", "__host_response", "__host_response", (_I,), ()),
    ("wapc", "__host_error_len", "__host_error_len", (), (_I,)),
    ("wapc", "__host_error", "__host_error", (_I,), ()),
    ("wapc", "__console_log", "__console_log", (_I,) * 2, ()),
    ("env", "abort", "abort", (_I,) * 4, ()),
    ("env", "trace", "trace", (_I, _I, *("f64",) * 5), ()),
    ("env", "seed", "seed", (), ("f64",)),
    ("wasi_snapshot_preview1", "poll_oneoff", "poll_oneoff", (_I,) * 4, (_I,)),
    ("wasi_snapshot_preview1", "fd_write", "fd_write", (_I,) * 4, (_I,)),
    ("wasi_snapshot_preview1", "random_get", "random_get", (_I,) * 2, (_I,)),
    ("wasi_unstable", "poll_oneoff", "poll_oneoff_unstable", (_I,) * 4, (_I,)),
)
_STARTS = (START.decode(), "_start", "_initialize", "wapc_init")
_ENTRY = "__guest_call"
_WASI = "wasi_snapshot_preview1"
_FAULTS_TOLD = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """What an instance needs to know of its module.

    wanted: the imports that the trampoline provides, as `(module, name, trampoline's export)`, each a C string.
    starts: start functions in the order in which they run.
    """

    wanted: tuple[tuple[bytes, bytes, bytes], ...]
    starts: tuple[bytes, ...]


def check(wasm: bytes, module: wasmtime.Module, known: wasmtime.Linker) -> Shape:
    """The shape of a module that fits; GuestLoadError names what does not.

    module: what wasmtime made of `wasm`. known: a linker with WASI and, for everything in `PROVIDED`, a stand-in of the
    right type.
    """
    interface = read(wasm)
    faults, wanted = _entry_faults(interface), []
    for item in interface.imports:
        provided = _provided(item)
        if provided is None:
            if item.module != _WASI:
                faults.append(f"unknown import `{item.module}::{item.name}`")
        elif item.signature != (provided[3], provided[4]):
            must = _words((provided[3], provided[4]))
            faults.append(f"import `{item.module}::{item.name}` is {_words(item.signature)}, it must be {must}")
        else:
            wanted.append((provided[0].encode(), provided[1].encode(), provided[2].encode()))
    if not faults:
        faults += _wasi_fault(module, known)
    if len(faults) > _FAULTS_TOLD:
        faults[_FAULTS_TOLD:] = [f"and {len(faults) - _FAULTS_TOLD} more"]
    if faults:
        raise GuestLoadError("; ".join(faults))
    starts = tuple(name.encode() for name in _STARTS if name in interface.exports)
    return Shape(tuple(dict.fromkeys(wanted)), starts)


def _wasi_fault(module: wasmtime.Module, known: wasmtime.Linker) -> list[str]:
    """The first import of WASI that does not fit; wasmtime's own text names it and both types."""
    try:
        known.instantiate_pre(module).close()
    except wasmtime.WasmtimeError as error:
        return [" ".join(str(error).replace("Caused by:", "").split())]
    return []


def _provided(item: Import) -> tuple[str, str, str, tuple[str, ...], tuple[str, ...]] | None:
    return next((entry for entry in PROVIDED if entry[:2] == (item.module, item.name)), None)


def _words(signature: Signature | None) -> str:
    if signature is None:
        return "not a function"
    params, results = signature
    return f"({', '.join(params)}) -> ({', '.join(results)})"


def _entry_faults(interface: Interface) -> list[str]:
    exports, faults = interface.exports, []
    if _ENTRY not in exports:
        faults.append(f"it exports no function `{_ENTRY}`; build it with a waPC guest library")
    elif (signature := exports[_ENTRY]) != ((_I, _I), (_I,)):
        faults.append(f"its export `{_ENTRY}` is {_words(signature)}, it must be {_words(((_I, _I), (_I,)))}")
    return faults + [
        f"its export `{name}` is {_words(exports[name])}, it must be {_words(((), ()))}"
        for name in _STARTS
        if name in exports and exports[name] != ((), ())
    ]

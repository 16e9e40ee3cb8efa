"""What a compiled module imports and exports, read from its bytes.

wasmtime-py could tell too, but asking it for the name of a type it does not know, `v128` for one, aborts the process. Read
after wasmtime has accepted the module, so that everything here is well formed; what is not is a GuestLoadError all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tarmac_core.wapc.binary import EXPORTS, FUNC, IMPORTS, Reader, sections, skip_import_type
from tarmac_core.wapc.errors import GuestLoadError

Signature = tuple[tuple[str, ...], tuple[str, ...]]

_TYPES, _FUNCTIONS, _FUNCTION_TYPE = 1, 3, 0x60
_VALUES = {
    0x7F: "i32",
    0x7E: "i64",
    0x7D: "f32",
    0x7C: "f64",
    0x7B: "v128",
    0x70: "funcref",
    0x6F: "externref",
}


@dataclass(frozen=True, slots=True)
class Import:
    """One import; `signature` is None for what is no function."""

    module: str
    name: str
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class Interface:
    """Imports in their order, exports by name: the signature of a function, None for anything else."""

    imports: tuple[Import, ...]
    exports: dict[str, Signature | None]


def read(wasm: bytes) -> Interface:
    """Imports and exports of a module that wasmtime accepts."""
    data = {section.number: section.data for section in sections(wasm)}
    types = [_function_type(reader) for reader in _items(data.get(_TYPES))]
    imports = tuple(_import(reader, types) for reader in _items(data.get(IMPORTS)))
    functions = [item.signature for item in imports if item.signature is not None]
    functions += [_at(types, reader.number()) for reader in _items(data.get(_FUNCTIONS))]
    return Interface(imports, dict(_export(reader, functions) for reader in _items(data.get(EXPORTS))))


def _items(data: bytes | None) -> Iterator[Reader]:
    """The reader of a section, once before each of its items."""
    reader = Reader(data or b"\0")
    for _ in range(reader.number()):
        yield reader


def _function_type(reader: Reader) -> Signature:
    if (form := reader.byte()) != _FUNCTION_TYPE:
        raise GuestLoadError(f"it has a type of the form {form:#x}; only functions are supported")
    return _values(reader), _values(reader)


def _values(reader: Reader) -> tuple[str, ...]:
    return tuple(_value(reader.byte()) for _ in range(reader.number()))


def _value(code: int) -> str:
    if code not in _VALUES:
        raise GuestLoadError(f"a function of it has the type {code:#x}, which is not supported")
    return _VALUES[code]


def _import(reader: Reader, types: list[Signature]) -> Import:
    module, name = _text(reader.name()), _text(reader.name())
    if reader.data[reader.at : reader.at + 1] == bytes([FUNC]):
        reader.byte()
        return Import(module, name, _at(types, reader.number()))
    skip_import_type(reader)
    return Import(module, name, None)


def _export(reader: Reader, functions: list[Signature]) -> tuple[str, Signature | None]:
    name, kind, index = _text(reader.name()), reader.byte(), reader.number()
    return name, _at(functions, index) if kind == FUNC else None


def _at(items: list[Signature], index: int) -> Signature:
    if index >= len(items):
        raise GuestLoadError("it is damaged: a number points nowhere")
    return items[index]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")

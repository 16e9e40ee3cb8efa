"""Edits of a module before it is compiled. They renumber nothing.

* Imports from `wasi_unstable` become imports from `wasi_snapshot_preview1`, but for `poll_oneoff`, whose records differ.
* A start section becomes an export: it runs once the shim is linked, so that host calls work in it.
* The memory is exported as `memory` if it is not, and its declared maximum is the function's limit.
* Custom sections go: of them wasmtime would take the names in a trap's text, which it demangles, and a few hundred bytes of
  mangled name become gigabytes; or debugging data, which it would parse on the event loop.

Source of the format: WebAssembly core specification, appendix "Binary format".
"""

from dataclasses import dataclass

from tarmac_core.wapc.errors import GuestLoadError

MAGIC, CORE_VERSION, COMPONENT_VERSION = b"\0asm", b"\1\0\0\0", b"\x0d\0\1\0"
START = b"tarmac:start"
PAGE_BYTES = 65536
IMPORTS, _MEMORIES, EXPORTS, _START, _CUSTOM = 2, 5, 7, 8, 0
_ORDER = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 13: 6, 6: 7, 7: 8, 8: 9, 9: 10, 12: 11, 10: 12, 11: 13}
FUNC, _TABLE, _MEMORY, _GLOBAL, _TAG = range(5)
_OLD, _NEW = b"wasi_unstable", b"wasi_snapshot_preview1"


class Reader:
    """Reads numbers and names from bytes; running over the end is a GuestLoadError."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise GuestLoadError("it is cut off or damaged")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self) -> int:
        """An unsigned LEB128 number of at most 64 bits."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise GuestLoadError("it is damaged: a number is too long")

    def name(self) -> bytes:
        return self.take(self.number())


def encode(value: int) -> bytes:
    """An unsigned LEB128 number."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _named(text: bytes) -> bytes:
    return encode(len(text)) + text


@dataclass(slots=True)
class Section:
    """One section: its number and its bytes."""

    number: int
    data: bytes


def prepare(wasm: bytes, memory_bytes: int) -> bytes:
    """The edited module.

    memory_bytes: the guest's memory limit. Raises GuestLoadError with words for what is no core module, damaged, without
    memory or with more than the limit at its start.
    """
    parts = sections(wasm)
    by_number = {section.number: section for section in parts}
    if IMPORTS in by_number:
        by_number[IMPORTS].data = _rename_imports(by_number[IMPORTS].data)
    extra = []
    if _START in by_number:
        extra.append(_named(START) + bytes([FUNC]) + by_number[_START].data)
    if _MEMORIES not in by_number:
        raise GuestLoadError("it has no memory; a function needs one, exported as `memory`")
    by_number[_MEMORIES].data = _cap_memory(by_number[_MEMORIES].data, memory_bytes)
    exports = by_number.get(EXPORTS) or _insert_exports(parts)
    if not _exports_memory(exports.data):
        extra.append(_named(b"memory") + bytes([_MEMORY, 0]))
    reader = Reader(exports.data)
    count = reader.number()
    exports.data = encode(count + len(extra)) + exports.data[reader.at :] + b"".join(extra)
    return wasm[:8] + b"".join(
        bytes([section.number]) + _named(section.data) for section in parts if section.number not in (_START, _CUSTOM)
    )


def sections(wasm: bytes) -> list[Section]:
    """The sections of a core module, in their order. Raises GuestLoadError for what is none, or damaged."""
    if not wasm:
        raise GuestLoadError("it is empty")
    if wasm[:4] != MAGIC:
        raise GuestLoadError("it is not a WebAssembly module")
    if wasm[4:8] == COMPONENT_VERSION:
        raise GuestLoadError("it is a component; build a core module for wasm32-wasip1 instead")
    if wasm[4:8] != CORE_VERSION:
        raise GuestLoadError("it is cut off, or of an unknown version of WebAssembly")
    reader, found = Reader(wasm, 8), []
    while reader.at < len(wasm):
        number = reader.byte()
        found.append(Section(number, reader.take(reader.number())))
    return found


def _insert_exports(parts: list[Section]) -> Section:
    section = Section(EXPORTS, b"\0")
    before = [i for i, other in enumerate(parts) if _ORDER.get(other.number, 0) > _ORDER[EXPORTS]]
    parts.insert(before[0] if before else len(parts), section)
    return section


def _cap_memory(data: bytes, memory_bytes: int) -> bytes:
    reader = Reader(data)
    count = reader.number()
    if count != 1:
        raise GuestLoadError(f"it has {count} memories; one is supported")
    flags = reader.byte()
    if flags > 1:
        raise GuestLoadError("its memory is shared or 64-bit; only plain 32-bit memories are supported")
    least = reader.number()
    most = reader.number() if flags else PAGE_BYTES
    limit = memory_bytes // PAGE_BYTES
    if least > limit:
        raise GuestLoadError(
            f"it needs {least * PAGE_BYTES} bytes of memory at its start, memory_bytes allows {memory_bytes}"
        )
    return encode(1) + b"\1" + encode(least) + encode(min(most, limit))


def _exports_memory(data: bytes) -> bool:
    reader = Reader(data)
    for _ in range(reader.number()):
        name, kind, _index = reader.name(), reader.byte(), reader.number()
        if name == b"memory":
            if kind != _MEMORY:
                raise GuestLoadError("its export `memory` is not a memory")
            return True
    return False


def _rename_imports(data: bytes) -> bytes:
    if _OLD not in data:
        return data
    reader = Reader(data)
    count = reader.number()
    out = [encode(count)]
    for _ in range(count):
        module, name, began = reader.name(), reader.name(), reader.at
        skip_import_type(reader)
        if module == _OLD and name != b"poll_oneoff":
            module = _NEW
        out.append(_named(module) + _named(name) + data[began : reader.at])
    return b"".join(out)


def skip_import_type(reader: Reader) -> None:
    """Go over what an import is, behind its two names."""
    match reader.byte():
        case 0:
            reader.number()
        case 1:
            reader.byte()
            _skip_limits(reader)
        case 2:
            _skip_limits(reader)
        case 3:
            reader.take(2)
        case 4:
            reader.byte()
            reader.number()
        case kind:
            raise GuestLoadError(f"it is damaged: an import of kind {kind}")


def _skip_limits(reader: Reader) -> None:
    flags = reader.byte()
    reader.number()
    if flags & 1:
        reader.number()

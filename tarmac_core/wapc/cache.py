"""Compiled modules, in memory while in use, and on disk: `<key>.cwasm`, a digest and wasmtime's artefact behind it.

The key covers the module, wasmtime's version, the machine and the engine's settings. A file is written beside its name and
moved into place, readable by its owner only, and its digest is verified on the same bytes that are loaded. Anything wrong
with a file means that the module is compiled again; anything wrong with the folder means a notice, not a failure.
"""

import contextlib
import hashlib
import os
import platform
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from weakref import WeakValueDictionary

import wasmtime

_MAGIC = b"tarmac-cwasm-1\n"
_HEAD_BYTES = len(_MAGIC) + hashlib.sha256().digest_size
_UNUSED_S = 30 * 86400


class Cache:
    """Compiles modules, or loads them from `folder`; without a folder it always compiles.

    salt: wasmtime's version and the engine's settings as text. notice: told when the folder cannot be used. Safe on any
    thread.
    """

    def __init__(self, folder: Path | None, salt: str, notice: Callable[[str], None]) -> None:
        self._folder = folder
        self._salt = f"{platform.machine()} {salt}".encode()
        self._notice = notice
        self._modules: WeakValueDictionary[str, wasmtime.Module] = WeakValueDictionary()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def compile(self, engine: wasmtime.Engine, source: bytes | str) -> wasmtime.Module:
        """A module from its bytes, or from its text; one that is in use already is shared.

        Always of the same engine. Raises wasmtime.WasmtimeError for a module that is not valid.
        """
        key = self._key(source)
        with self._locks[key]:
            module = self._modules.get(key) or self._compile(engine, source, key)
            self._modules[key] = module
        return module

    def _compile(self, engine: wasmtime.Engine, source: bytes | str, key: str) -> wasmtime.Module:
        if self._folder is None:
            return wasmtime.Module(engine, source)
        path = self._folder / f"{key}.cwasm"
        module = self._load(engine, path)
        if module is None:
            module = wasmtime.Module(engine, source)
            self._store(path, bytes(module.serialize()))
        return module

    def _key(self, source: bytes | str) -> str:
        digest = hashlib.sha256(self._salt)
        digest.update(b"\0text\0" + source.encode() if isinstance(source, str) else b"\0wasm\0" + source)
        return digest.hexdigest()

    def _load(self, engine: wasmtime.Engine, path: Path) -> wasmtime.Module | None:
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                    return None
                data = file.read()
                if time.time() - status.st_mtime > _UNUSED_S / 30:
                    os.utime(file.fileno())
        except OSError:
            return None
        artefact = data[_HEAD_BYTES:]
        if data[:_HEAD_BYTES] != _MAGIC + hashlib.sha256(artefact).digest():
            return None
        try:
            return wasmtime.Module.deserialize(engine, artefact)
        except wasmtime.WasmtimeError:
            return None

    def _store(self, path: Path, artefact: bytes) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_MAGIC + hashlib.sha256(artefact).digest() + artefact)
                Path(temporary).replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()
                raise
            _remove_unused(path.parent)
        except OSError as error:
            self._notice(f"compiled modules cannot be kept in {path.parent}: {error}; every start compiles them again")


def _remove_unused(folder: Path) -> None:
    """What no start has used for a month belongs to old versions of a function."""
    oldest = time.time() - _UNUSED_S
    for path in (*folder.glob("*.cwasm"), *folder.glob(".*.part")):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()

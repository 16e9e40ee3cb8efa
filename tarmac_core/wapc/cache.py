"""Compiled modules, in memory while in use, and on disk: `<key>.cwasm`, a digest and wasmtime's artefact behind it.

The key covers the module, wasmtime's version, the machine and the engine's settings. A file is written beside its name and
moved into place, readable by its owner only. Its digest, of key and artefact, is verified on the same bytes that are loaded.
Anything wrong with a file means that the module is compiled again; anything wrong with the folder, which must be the owner's
alone to write, means a notice and no cache, not a failure: whoever writes there runs code here.
"""

import contextlib
import hashlib
import os
import platform
import stat
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from weakref import WeakValueDictionary

import wasmtime

_MAGIC = b"tarmac-cwasm-2\n"
_HEAD_BYTES = len(_MAGIC) + hashlib.sha256().digest_size
_UNUSED_S = 30 * 86400


class Cache:
    """Compiles modules, or loads them from `folder`; without a folder it always compiles.

    salt: wasmtime's version and the engine's settings as text. notice: told when the folder cannot be used. Safe on any
    thread.
    """

    def __init__(self, folder: Path | None, salt: str, notice: Callable[[str], None]) -> None:
        self._folder = folder and _own(folder, notice)
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

    @staticmethod
    def _head(path: Path, artefact: bytes) -> bytes:
        return _MAGIC + hashlib.sha256(path.stem.encode() + artefact).digest()

    def _key(self, source: bytes | str) -> str:
        digest = hashlib.sha256(self._salt)
        digest.update(b"\0text\0" + source.encode() if isinstance(source, str) else b"\0wasm\0" + source)
        return digest.hexdigest()

    def _load(self, engine: wasmtime.Engine, path: Path) -> wasmtime.Module | None:
        try:
            with open(path, "rb", opener=_open) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or not _is_own(status):
                    return None
                data = file.read()
                if time.time() - status.st_mtime > _UNUSED_S / 30:
                    os.utime(file.fileno())
        except OSError:
            return None
        artefact = data[_HEAD_BYTES:]
        if data[:_HEAD_BYTES] != self._head(path, artefact):
            return None
        try:
            return wasmtime.Module.deserialize(engine, artefact)
        except wasmtime.WasmtimeError:
            return None

    def _store(self, path: Path, artefact: bytes) -> None:
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(self._head(path, artefact) + artefact)
                Path(temporary).replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink()
                raise
            _remove_unused(path.parent)
        except OSError as error:
            self._notice(f"compiled modules cannot be kept in {path.parent}: {error}; every start compiles them again")


def _own(folder: Path, notice: Callable[[str], None]) -> Path | None:
    """The folder, made when missing; None, and a notice, when others may write there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        notice(f"compiled modules cannot be kept in {folder}: {error}; every start compiles them again")
        return None
    if stat.S_ISDIR(status.st_mode) and _is_own(status):
        return folder
    notice(
        f"compiled modules are not kept in {folder}: it must be a folder, no link, of user {os.geteuid()} and that "
        "nobody else may write (chmod go-w); every start compiles them again"
    )
    return None


def _is_own(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _open(path: str, flags: int) -> int:
    """No link is followed, and what is no file, a pipe for one, is not waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _remove_unused(folder: Path) -> None:
    """What no start has used for a month belongs to old versions of a function."""
    oldest = time.time() - _UNUSED_S
    for path in (*folder.glob("*.cwasm"), *folder.glob(".*.part")):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()

"""Whether a path can become an LMDB file. Nothing that is something else is ever written to."""

from pathlib import Path

from tarmac_core.plugin import OpenError

# Both formats keep a magic number behind the 16 bytes of the first page's header, in the byte order of the machine.
_MAGIC_OFFSET = 16
_BOLT_MAGIC = 0xED0CDAED
_LMDB_MAGIC = 0xBEEFC0DE

_REMEDY = "set lmdb_filename (or boltdb_filename) to another path"


class LmdbFileError(OpenError):
    """The store's file cannot be opened. The text names the file, the fault and the remedy."""


def prepare(path: Path) -> Path:
    """Return the absolute path, its folder made; raises `LmdbFileError` where no LMDB file is or can be."""
    path = path.absolute()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LmdbFileError(f"{path}: the folder cannot be made: {error.strerror} ({_REMEDY})") from error
    if path.is_dir():
        raise LmdbFileError(f"{path}: is a folder, must be a file ({_REMEDY})")
    if path.exists():
        _check(path)
    return path


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(_MAGIC_OFFSET + 4)
    except OSError as error:
        raise LmdbFileError(f"{path}: cannot be read: {error.strerror} ({_REMEDY}, or change its owner)") from error
    if not head:
        return
    magic = head[_MAGIC_OFFSET:]
    if _is(magic, _BOLT_MAGIC):
        raise LmdbFileError(
            f"{path}: is a BoltDB file of the original Tarmac; it stays untouched, its data is not read "
            f"({_REMEDY}, or move the file away to start with an empty store)"
        )
    if not _is(magic, _LMDB_MAGIC):
        raise LmdbFileError(f"{path}: is neither an LMDB file nor empty; it stays untouched ({_REMEDY})")


def _is(magic: bytes, number: int) -> bool:
    return magic in {number.to_bytes(4, "little"), number.to_bytes(4, "big")}

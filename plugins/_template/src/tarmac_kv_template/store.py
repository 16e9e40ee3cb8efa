"""The store: one file a key, named by the key's hash, holding the key and the value."""

import hashlib
import uuid
from pathlib import Path

from tarmac_kv import KVBackend, KVError, NotSupportedError, Page


class TemplateKV(KVBackend):
    """Keys and values in `folder`, which is made if it is missing. Every method answers at once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder: Path | None = folder

    def get(self, key: bytes) -> bytes | None:
        """Return the value or None."""
        path = self._path(key)
        return path.read_bytes()[4 + len(key) :] if path.exists() else None

    def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        """Store the value. Whoever reads meanwhile gets the old value or the new one, never a part."""
        path = self._path(key)
        if ttl_ms:
            raise NotSupportedError("ttl is not supported by this store")
        new = path.with_name(f"{uuid.uuid4().hex}.new")
        new.write_bytes(len(key).to_bytes(4) + key + value)
        new.replace(path)

    def delete(self, key: bytes) -> None:
        """Remove the key."""
        self._path(key).unlink(missing_ok=True)

    def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        """Return keys in byte order; the cursor is the last key of the page."""
        stored = map(_key_of, self._opened().glob("*.kv"))
        found = sorted(key for key in stored if key.startswith(prefix) and key > cursor)
        page = found[: limit or None]
        return Page(page, page[-1] if len(page) < len(found) else b"")

    def health(self) -> None:
        """Raise KVError when the store is closed or its folder is gone."""
        if not self._opened().is_dir():
            raise KVError("the folder of the store is gone")

    def close(self) -> None:
        """Refuse everything from now on."""
        self._folder = None

    def _opened(self) -> Path:
        if self._folder is None:
            raise KVError("the store is closed")
        return self._folder

    def _path(self, key: bytes) -> Path:
        return self._opened() / f"{hashlib.sha256(key).hexdigest()}.kv"


def _key_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(int.from_bytes(file.read(4)))

"""The last value on disk, for a start while Consul is away. It may hold secrets: the file is its owner's alone."""

import asyncio
import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tarmac_config_consul.settings import ConsulSettings
from tarmac_core.plugin import Log

_MAX_FILE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A value and when it was read (UTC, ISO 8601)."""

    value: bytes
    saved: str


class _UnusableError(Exception):
    """The file is there and is not to be used; the text says why."""


class Cache:
    """One file in `folder` for one key of one server; that of another is never read. Waits on the disk in a thread."""

    def __init__(self, folder: Path, settings: ConsulSettings, log: Log) -> None:
        self._identity = [settings.addr, settings.datacenter, settings.namespace, settings.keys_prefix]
        name = hashlib.sha256("\0".join(self._identity).encode()).hexdigest()[:16]
        self.path = folder / f"consul-{name}.json"
        self._log = log

    async def load(self) -> Kept | None:
        """What was saved last; None, with a warning, where the file is not what this class writes."""
        try:
            return await asyncio.to_thread(self._load)
        except FileNotFoundError:
            return None
        except (OSError, _UnusableError) as error:
            self._log.warning("The cached settings in %s are not used: %s", self.path, error)
            return None

    async def save(self, value: bytes) -> None:
        """Replace the file at once and as a whole; a failure is a warning, since the server runs without it."""
        try:
            await asyncio.to_thread(self._save, value)
        except OSError as error:
            self._log.warning("Settings cannot be cached in %s: %s; a start without Consul will fail", self.path, error)

    def _load(self) -> Kept:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            _check_owner(os.fstat(descriptor))
            return self._read(file.read(_MAX_FILE_BYTES))

    def _read(self, content: bytes) -> Kept:
        try:
            read = json.loads(content)
            text, saved, digest, identity = read["value"], str(read["saved"]), read["sha256"], read["identity"]
            value = text.encode()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _UnusableError("it is damaged") from None
        if digest != _digest(value) or identity != self._identity:
            raise _UnusableError("it is damaged, or of another key")
        return Kept(value, saved)

    def _save(self, value: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        saved = datetime.now(UTC).isoformat(timespec="seconds")
        content = {"identity": self._identity, "saved": saved, "sha256": _digest(value), "value": value.decode()}
        descriptor, name = tempfile.mkstemp(prefix=f"{self.path.name}.", dir=self.path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(descriptor)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink()
            raise


def _check_owner(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _UnusableError("it is no file")
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise _UnusableError("others may read or write it (it must be the server's own, mode 0600)")


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()

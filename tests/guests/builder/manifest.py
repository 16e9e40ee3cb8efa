"""The manifest of hashes: what each committed file is and from which sources and compiler it came."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .guests import Guest
from .paths import MANIFEST, shown


@dataclass(frozen=True, slots=True)
class Entry:
    """One guest as it was built."""

    files: tuple[str, ...]
    sha256: str
    sources_sha256: str
    toolchain: str


def read(path: Path = MANIFEST) -> dict[str, Entry]:
    """The manifest by guest name; empty without a file."""
    if not path.exists():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {name: Entry(**{**row, "files": tuple(row["files"])}) for name, row in rows.items()}


def write(entries: Mapping[str, Entry], path: Path = MANIFEST) -> None:
    """Write the manifest, sorted, so that a change shows as its own lines."""
    rows = {
        name: {"files": list(e.files), "sha256": e.sha256, "sources_sha256": e.sources_sha256, "toolchain": e.toolchain}
        for name, e in sorted(entries.items())
    }
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def entry_of(guest: Guest, wasm: bytes, toolchain: str) -> Entry:
    """The entry of a guest that was just built."""
    files = tuple(shown(path) for path in guest.files)
    return Entry(files, hash_of(wasm), sources_hash(guest), toolchain)


def hash_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sources_hash(guest: Guest) -> str:
    """One hash over names and contents of a guest's sources and over its compiler's options."""
    total = hashlib.sha256()
    for option in (*guest.toolchain.flags, *guest.source.options):
        total.update(f"option {option}\n".encode())
    for path in sorted(guest.toolchain.sources(guest.source)):
        total.update(f"file {shown(path)} {hash_of(path.read_bytes())}\n".encode())
    return total.hexdigest()

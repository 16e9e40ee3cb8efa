"""Compares the committed guests with the manifest, with their sources, and with a build made now."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from .guests import Guest
from .manifest import Entry, hash_of, sources_hash
from .paths import WASM, shown
from .toolchains import BuildError

REMEDY = "run: python tests/guests/build.py"


def committed(guests: Iterable[Guest], entries: Mapping[str, Entry]) -> list[str]:
    """What is wrong with the committed files, in words. Needs no compiler."""
    guests = list(guests)
    problems = [problem for guest in guests for problem in _of_guest(guest, entries.get(guest.name))]
    known = {path for guest in guests for path in guest.files}
    problems += [f"{shown(path)} is no guest's; delete it" for path in sorted(WASM.glob("*")) if path not in known]
    names = {guest.name for guest in guests}
    problems += [f"the manifest lists {name}, which is no guest; {REMEDY}" for name in sorted(set(entries) - names)]
    return problems


def _of_guest(guest: Guest, entry: Entry | None) -> list[str]:
    if entry is None:
        return [f"{guest.name} is not in the manifest; {REMEDY} --only {guest.name}"]
    problems = []
    if entry.sources_sha256 != sources_hash(guest):
        problems.append(f"{guest.name}: its sources changed after it was built; {REMEDY} --only {guest.name}")
    for path in guest.files:
        if not path.exists():
            problems.append(f"{shown(path)} is missing; {REMEDY} --only {guest.name}")
        elif hash_of(path.read_bytes()) != entry.sha256:
            problems.append(f"{shown(path)} is not the file that the manifest tells of; {REMEDY} --only {guest.name}")
    return problems


def rebuilt(guests: Iterable[Guest], entries: Mapping[str, Entry]) -> tuple[list[str], list[str]]:
    """Build each guest whose compiler is here into a temporary folder; return (problems, remarks).

    Bytes are compared where the compiler's version is the manifest's; where it is another, or missing, a remark says so.
    """
    problems: list[str] = []
    remarks: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for guest in guests:
            entry, version = entries.get(guest.name), guest.toolchain.version()
            if version is None or entry is None:
                continue
            output = Path(folder) / f"{guest.name}.wasm"
            try:
                guest.toolchain.build(guest.source, output)
            except BuildError as error:
                problems.append(f"{guest.name} does not build: {error}")
                continue
            if version != entry.toolchain:
                remarks.append(f"{guest.name} builds; bytes not compared: {version} here, {entry.toolchain} before")
            elif hash_of(output.read_bytes()) != entry.sha256:
                problems.append(f"{guest.name}: {version} gives other bytes now than are committed")
    return problems, remarks


def missing(guests: Iterable[Guest]) -> list[str]:
    """The languages whose compiler is not here, and what to install."""
    chains = {guest.toolchain.name: guest.toolchain for guest in guests}
    return [f"{name}: needs {chain.remedy()}" for name, chain in chains.items() if chain.version() is None]

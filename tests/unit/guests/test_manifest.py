"""The committed guests come from the sources beside them."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guests.builder import check, manifest
from tests.guests.builder.guests import Guest, all_guests
from tests.guests.builder.manifest import Entry
from tests.guests.builder.paths import GUESTS, ROOT, WASM

REQUIRED = os.environ.get("TARMAC_REQUIRE_SERVICES") == "1"


@pytest.fixture
def guests() -> list[Guest]:
    return all_guests()


@pytest.fixture
def entries() -> dict[str, Entry]:
    return manifest.read()


def test_every_committed_guest_is_the_manifests_and_its_sources_are_unchanged(
    guests: list[Guest], entries: dict[str, Entry]
) -> None:
    assert check.committed(guests, entries) == []


@pytest.mark.parametrize("guest", all_guests(), ids=lambda guest: guest.name)
def test_a_guest_builds_again_to_the_same_bytes(guest: Guest, entries: dict[str, Entry]) -> None:
    version = guest.toolchain.version()
    if version is None:
        assert not REQUIRED, f"needed here: {guest.toolchain.remedy()}"
        pytest.skip(f"no compiler: {guest.toolchain.remedy()}")
    problems, remarks = check.rebuilt([guest], entries)
    assert problems == []
    assert bool(remarks) == (version != entries[guest.name].toolchain)


def test_every_language_has_echo_tac_counter_and_misc(guests: list[Guest]) -> None:
    files = {path.name for guest in guests for path in guest.files if path.parent == WASM}
    languages = ("go", "zig", "assemblyscript", "rust")
    assert {f"{one}-{name}.wasm" for one in languages for name in ("echo", "tac", "counter", "misc")} <= files


def test_a_changed_file_is_named(guests: list[Guest], entries: dict[str, Entry]) -> None:
    other = dataclasses.replace(entries["zig-echo"], sha256="0" * 64)
    (problem,) = check.committed(guests, {**entries, "zig-echo": other})
    assert problem.startswith("tests/guests/wasm/zig-echo.wasm is not the file that the manifest tells of")


def test_a_changed_source_is_named(guests: list[Guest], entries: dict[str, Entry]) -> None:
    other = dataclasses.replace(entries["rust-tac"], sources_sha256="0" * 64)
    (problem,) = check.committed(guests, {**entries, "rust-tac": other})
    assert problem.startswith("rust-tac: its sources changed after it was built; run: python tests/guests/build.py")


def test_guests_that_the_manifest_lacks_or_has_too_many_of_are_named(
    guests: list[Guest], entries: dict[str, Entry]
) -> None:
    odd = {name: entry for name, entry in entries.items() if name != "go-echo"} | {"gone": entries["go-echo"]}
    missing, extra = check.committed(guests, odd)
    assert missing.startswith("go-echo is not in the manifest")
    assert extra.startswith("the manifest lists gone, which is no guest")


def test_a_file_of_no_guest_is_named(guests: list[Guest], entries: dict[str, Entry]) -> None:
    fewer = {name: entry for name, entry in entries.items() if name != "zig-misc"}
    assert check.committed([guest for guest in guests if guest.name != "zig-misc"], fewer) == [
        "tests/guests/wasm/zig-misc.wasm is no guest's; delete it"
    ]


def test_the_hash_over_sources_tells_options_apart(guests: list[Guest]) -> None:
    guest = next(guest for guest in guests if guest.name == "assemblyscript-tac")
    other = dataclasses.replace(guest, source=dataclasses.replace(guest.source, options=("--debug",)))
    assert manifest.sources_hash(guest) != manifest.sources_hash(other)


def test_the_manifest_is_read_as_it_was_written(tmp_path: Path, entries: dict[str, Entry]) -> None:
    manifest.write(entries, tmp_path / "manifest.json")
    assert manifest.read(tmp_path / "manifest.json") == entries
    assert manifest.read(tmp_path / "none.json") == {}


def test_the_command_line_prints_hashes_and_refuses_unknown_guests() -> None:
    command = [sys.executable, str(GUESTS / "build.py")]
    shown = subprocess.run([*command, "--hashes"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "  tests/guests/wasm/go-echo.wasm" in shown.stdout
    refused = subprocess.run([*command, "--only", "cobol-echo"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "no guest cobol-echo; there are go-echo" in refused.stderr


def test_committed_guests_hold_no_path_of_the_machine_that_built_them(guests: list[Guest]) -> None:
    for path in {path for guest in guests for path in guest.files}:
        content = path.read_bytes()
        assert str(ROOT).encode() + b"/" not in content, path
        assert str(Path.home()).encode() + b"/" not in content, path

"""Compiled modules on disk: used when they are whole, made again when they are not."""

import asyncio
import hashlib
import os
import stat
import time
from pathlib import Path

import pytest

from tarmac_core.wapc import Engine, EngineSettings, GuestLimits
from tests.unit.wapc.conftest import never
from tests.unit.wapc.guests import zoo


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.glob("*.cwasm")}


def works(folder: Path, *, notices: int = 0) -> None:
    with Engine(EngineSettings(cache_dir=folder)) as engine:
        guest = engine.load("zoo", zoo(), GuestLimits())
        assert asyncio.run(guest.call(b"e", b"x", never)) == b"x"
        assert len(set(engine.notices)) == notices


def test_a_second_start_compiles_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    works(folder)
    before = files(folder)
    assert len(before) == 3  # the guest, the shim and the trampoline
    works(folder)
    assert files(folder) == before


def test_only_the_owner_reads_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    works(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "damage", ["cut", "empty", "flipped", "garbage", "garbage with a digest", "of another module", "open to all"]
)
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: str) -> None:
    works(tmp_path)
    whole = {path.name: path.read_bytes() for path in tmp_path.glob("*.cwasm")}
    for path in tmp_path.glob("*.cwasm"):
        data = path.read_bytes()
        match damage:
            case "cut":
                path.write_bytes(data[: len(data) // 2])
            case "empty":
                path.write_bytes(b"")
            case "flipped":
                middle = len(data) // 2  # in the code, where wasmtime itself would not notice
                path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
            case "garbage":
                path.write_bytes(os.urandom(1000))
            case "garbage with a digest":
                path.write_bytes(data[:15] + hashlib.sha256(path.stem.encode() + b"garbage").digest() + b"garbage")
            case "of another module":
                path.write_bytes(next(other for name, other in whole.items() if name != path.name))
            case _:
                path.chmod(0o666)
    before = files(tmp_path)
    works(tmp_path)
    after = files(tmp_path)
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in after)


def test_a_pipe_or_a_link_in_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    works(folder)
    folder.rename(elsewhere)
    folder.mkdir(0o700)
    first, *rest = elsewhere.iterdir()
    os.mkfifo(folder / first.name, 0o600)
    for path in rest:
        (folder / path.name).symlink_to(path)
    works(folder)
    assert all(path.is_file() and not path.is_symlink() for path in folder.iterdir())


@pytest.mark.parametrize("fault", ["open to the group", "open to all", "a link"])
def test_a_folder_that_others_may_write_is_a_notice_and_not_used(tmp_path: Path, fault: str) -> None:
    folder = tmp_path / "cache"
    if fault == "a link":
        (tmp_path / "elsewhere").mkdir(0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o770 if fault == "open to the group" else 0o1777)
    works(folder, notices=1)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_notice(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    works(occupied / "cache", notices=1)


def test_other_settings_have_files_of_their_own(tmp_path: Path) -> None:
    works(tmp_path)
    with Engine(EngineSettings(cache_dir=tmp_path, max_request_bytes=1000)) as engine:
        engine.load("zoo", zoo(), GuestLimits())
    assert len(files(tmp_path)) == 6


def test_what_no_start_used_for_a_month_goes(tmp_path: Path) -> None:
    old, recent = tmp_path / "old.cwasm", tmp_path / "recent.cwasm"
    for path, age_days in ((old, 31), (recent, 29)):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age_days * 86400,) * 2)
    works(tmp_path)
    assert not old.exists()
    assert recent.exists()


def test_use_renews_a_file(tmp_path: Path) -> None:
    works(tmp_path)
    for path in tmp_path.iterdir():
        os.utime(path, (time.time() - 20 * 86400,) * 2)
    works(tmp_path)
    assert all(time.time() - path.stat().st_mtime < 60 for path in tmp_path.iterdir())


def test_functions_of_one_file_share_one_compiled_module() -> None:
    with Engine() as engine:
        one, two = (engine.load(name, zoo(), GuestLimits()) for name in ("one", "two"))
        other = engine.load("other", zoo(), GuestLimits(memory_bytes=1 << 20))
        assert one._program.module is two._program.module
        assert one._program.module is not other._program.module

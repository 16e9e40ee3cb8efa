"""What may be at the store's path, and what is said of everything else."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tarmac_kv_lmdb.path import LmdbFileError

PAGE_BYTES = 4096


def bolt_file() -> bytes:
    """The first two pages of a BoltDB file: page header of 16 bytes, then magic and version of the meta page."""
    meta = (0xED0CDAED).to_bytes(4, "little") + (2).to_bytes(4, "little")
    pages = [number.to_bytes(8, "little") + b"\4\0" + bytes(6) + meta for number in range(2)]
    return b"".join(page.ljust(PAGE_BYTES, b"\0") for page in pages)


async def test_a_boltdb_file_is_refused_in_words_and_stays_as_it_is(open_with: Any, tmp_path: Path) -> None:
    path = tmp_path / "tarmac.db"
    path.write_bytes(bolt_file())
    with pytest.raises(LmdbFileError, match=r"tarmac\.db: is a BoltDB file.*lmdb_filename.*move the file away"):
        async with open_with():
            pass
    assert path.read_bytes() == bolt_file()
    assert not (tmp_path / "tarmac.db-lock").exists()


@pytest.mark.parametrize("content", [b"x", b"SQLite format 3\0" + bytes(100), os.urandom(10_000)])
async def test_a_file_of_another_kind_is_refused_and_stays_as_it_is(
    open_with: Any, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "tarmac.db"
    path.write_bytes(content)
    with pytest.raises(LmdbFileError, match=r"neither an LMDB file nor empty.*lmdb_filename"):
        async with open_with():
            pass
    assert path.read_bytes() == content


async def test_an_empty_file_is_used(open_with: Any, tmp_path: Path) -> None:
    (tmp_path / "tarmac.db").touch()
    async with open_with() as store:
        await store.set(b"key", b"value")
        assert store.get(b"key") == b"value"


async def test_an_lmdb_file_cut_short_is_refused_in_words(open_with: Any, tmp_path: Path) -> None:
    async with open_with() as store:
        await store.set(b"key", b"value")
    path = tmp_path / "tarmac.db"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(LmdbFileError, match=r"tarmac\.db: (LMDB cannot read it|cannot be opened)"):
        async with open_with():
            pass


async def test_missing_folders_are_made_for_the_owner_alone(open_with: Any, tmp_path: Path) -> None:
    async with open_with(filename=str(tmp_path / "a" / "b" / "store.db")) as store:
        await store.set(b"key", b"value")
    assert (tmp_path / "a" / "b" / "store.db").is_file()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


async def test_a_new_file_has_the_permissions_asked_for(open_with: Any, tmp_path: Path) -> None:
    async with open_with():
        assert (tmp_path / "tarmac.db").stat().st_mode & 0o777 == 0o600
    async with open_with(filename=str(tmp_path / "other.db"), permissions="0640"):
        assert (tmp_path / "other.db").stat().st_mode & 0o777 == 0o640


async def test_a_folder_at_the_path_is_refused_in_words(open_with: Any, tmp_path: Path) -> None:
    with pytest.raises(LmdbFileError, match="is a folder, must be a file"):
        async with open_with(filename=str(tmp_path)):
            pass


async def test_a_folder_that_cannot_be_made_is_named_with_the_reason(open_with: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LmdbFileError, match=r"folder cannot be made: .*lmdb_filename"):
        async with open_with(filename=str(tmp_path / "file" / "store.db")):
            pass


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that may be reached and read but not written, for a process that is root too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)


async def test_a_folder_that_may_only_be_read_is_named_with_the_reason(open_with: Any, read_only_folder: Path) -> None:
    with pytest.raises(LmdbFileError, match=r"store\.db: cannot be opened: .*[Pp]ermission denied.*writable"):
        async with open_with(filename=str(read_only_folder / "store.db")):
            pass


async def test_the_same_file_twice_in_one_process_is_refused_in_words(open_with: Any) -> None:
    async with open_with() as store:
        with pytest.raises(LmdbFileError, match="already open in this process: give each store a file of its own"):
            async with open_with():
                pass
        await store.set(b"key", b"value")
        assert store.get(b"key") == b"value"

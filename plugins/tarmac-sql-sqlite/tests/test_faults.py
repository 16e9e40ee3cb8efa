"""Faults of the file and of the disk below it: clear messages, nothing lost that was answered."""

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from pathlib import Path

import pytest
from tarmac_sql import SQLBackend, SQLError, Statement
from tarmac_sql_sqlite.address import SqliteFileError

OpenSqlite = Callable[..., AbstractAsyncContextManager[SQLBackend]]
MAKE = Statement("CREATE TABLE t (a)")
COUNT = Statement("SELECT count(*) AS n FROM t")
LARGE = Statement("INSERT INTO t VALUES (zeroblob(100000))")


async def count(database: SQLBackend) -> int:
    return int(json.loads((await database.query(COUNT)).data)[0]["n"])


async def test_another_writer_is_waited_for_and_then_named(open_database: OpenSqlite, tmp_path: Path) -> None:
    async with open_database(busy_timeout_ms=200) as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        with closing(sqlite3.connect(tmp_path / "sql.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(SQLError, match="another process is writing"):
                await database.exec(Statement("INSERT INTO t VALUES (1)"))
            other.execute("ROLLBACK")
        assert (await database.exec(Statement("INSERT INTO t VALUES (1)"))).rows_affected == 1


@contextmanager
def locking_process(path: Path) -> Iterator[None]:
    """Another process writes to the file and does not end."""
    program = (
        "import sqlite3, sys; other = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "other.execute('BEGIN IMMEDIATE'); other.execute('INSERT INTO t VALUES (1)'); print('locked', flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield
        process.kill()


async def test_a_process_that_holds_the_file_and_dies_leaves_it_usable(
    open_database: OpenSqlite, tmp_path: Path
) -> None:
    async with open_database(busy_timeout_ms=200) as database:
        await database.exec(MAKE)
        with locking_process(tmp_path / "sql.db"):
            assert await count(database) == 0
            for run in (database.exec, database.query):
                with pytest.raises(
                    SQLError, match=r"another process is writing to the database \(sql_busy_timeout_ms\)"
                ):
                    await run(Statement("INSERT INTO t VALUES (2)"))
        await database.exec(Statement("INSERT INTO t VALUES (3)"))
        assert (await database.query(Statement("SELECT a FROM t"))).data == b'[{"a":3}]'


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Limits the size that files of this process may reach, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size_bytes: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_file_that_may_grow_no_more_is_an_error_that_loses_nothing(
    open_database: OpenSqlite, full_disk: Callable[[int], None]
) -> None:
    insert = Statement("INSERT INTO t VALUES (zeroblob(100000))")
    async with open_database() as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        await database.exec(insert)
        full_disk(200_000)
        answers = [await asyncio.gather(database.exec(insert), return_exceptions=True) for _ in range(5)]
        assert isinstance(answers[-1][0], SQLError)
        assert "disk" in str(answers[-1][0])
        full_disk(resource.RLIM_INFINITY if resource.getrlimit(resource.RLIMIT_FSIZE)[1] < 0 else 1 << 40)
        before = json.loads((await database.query(Statement("SELECT count(*) AS n FROM t"))).data)[0]["n"]
        await database.exec(insert)
        after = json.loads((await database.query(Statement("SELECT count(*) AS n FROM t"))).data)[0]["n"]
        assert before >= 1
        assert after == before + 1
        assert (await database.query(Statement("PRAGMA integrity_check"))).data == b'[{"integrity_check":"ok"}]'


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"only root can mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def remount(disk: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(disk)], check=True)


async def test_a_full_disk_is_an_error_until_there_is_room_again(open_database: OpenSqlite, small_disk: Path) -> None:
    async with open_database(dsn=str(small_disk / "sql.db")) as database:
        await database.exec(MAKE)
        stored = 0
        with pytest.raises(SQLError, match="the database cannot grow: database or disk is full"):  # noqa: PT012
            while True:
                await database.exec(LARGE)
                stored += 1
        assert await count(database) == stored > 5
        remount(small_disk, "size=20m")
        await database.exec(LARGE)
        assert await count(database) == stored + 1
        assert (await database.query(Statement("PRAGMA integrity_check"))).data == b'[{"integrity_check":"ok"}]'


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_disk_that_cannot_be_written_is_told_at_the_start(
    open_database: OpenSqlite, small_disk: Path, *, read_only: bool
) -> None:
    path = small_disk / "sql.db"
    async with open_database(dsn=str(path)) as database:
        await database.exec(MAKE)
    remount(small_disk, "ro")
    with pytest.raises(SqliteFileError, match="it and its folder must be writable, even to read") as raised:
        async with open_database(dsn=str(path), read_only=read_only):
            pass
    assert str(raised.value).startswith(f"{path}: cannot be opened: ")


async def test_a_folder_that_cannot_be_made_is_told_at_the_start(open_database: OpenSqlite, small_disk: Path) -> None:
    remount(small_disk, "ro")
    with pytest.raises(SqliteFileError, match=r"new/sql\.db: the folder cannot be made: Read-only file system"):
        async with open_database(dsn=str(small_disk / "new" / "sql.db")):
            pass


async def test_a_damaged_file_is_named_as_such_and_what_is_whole_still_answers(
    open_database: OpenSqlite, tmp_path: Path
) -> None:
    path = tmp_path / "sql.db"
    async with open_database() as database:
        await database.exec(MAKE)
        for _ in range(20):
            await database.exec(Statement("INSERT INTO t VALUES (randomblob(3000))"))
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + os.urandom(len(whole) - 8192))
    async with open_database() as database:
        for run in (database.query, database.exec):
            with pytest.raises(SQLError, match="the database's file is damaged"):
                await run(Statement("SELECT sum(length(a)) AS n FROM t"))
        await database.health()


async def test_nothing_is_written_to_a_file_that_was_removed_or_replaced(
    open_database: OpenSqlite, tmp_path: Path
) -> None:
    path = tmp_path / "sql.db"
    async with open_database() as database:
        await database.exec(MAKE)
        path.rename(tmp_path / "moved.db")
        for there_is_another in (False, True):
            if there_is_another:
                path.touch()
            for call in (database.exec(LARGE), database.query(LARGE), database.health()):
                with pytest.raises(SQLError, match="was removed or replaced while open"):
                    await call
        (tmp_path / "moved.db").rename(path)
        await database.exec(LARGE)
        assert await count(database) == 1


async def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal
from pathlib import Path
from tarmac_sql import Statement
from tarmac_sql_sqlite.plugin import SqliteSettings
from tarmac_sql_sqlite.store import opened

async def main():
    async with opened(SqliteSettings(), Path({str(tmp_path / "sql.db")!r})) as database:
        await database.exec(Statement("CREATE TABLE t (a)"))
        for number in range(20):
            await database.exec(Statement("INSERT INTO t VALUES (?)", (number,)))
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=False)
    assert done.returncode == -9
    with closing(sqlite3.connect(tmp_path / "sql.db")) as other:
        assert other.execute("SELECT count(*), max(a) FROM t").fetchone() == (20, 19)

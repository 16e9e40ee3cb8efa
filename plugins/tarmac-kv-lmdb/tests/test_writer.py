"""Writes share transactions; what was answered is on the disk; what cannot be written is told to its writer alone."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tarmac_kv import KVError

LOAD = """
    import asyncio, json, os, sys
    from pathlib import Path
    from tarmac_core.plugin import Context
    from tarmac_core.testing import Records
    from tarmac_kv_lmdb.plugin import LmdbSettings, open_lmdb

    records = Records()
    context = Context(records.log("x"), records.invoke, records.events.append, Path(sys.argv[1]), lambda: 0.0)
    settings = LmdbSettings(initial_bytes=1 << 20)
"""


def run(program: str, folder: Path) -> "subprocess.Popen[bytes]":
    source = textwrap.dedent(LOAD) + textwrap.dedent(program)
    return subprocess.Popen([sys.executable, "-c", source, str(folder)], stdout=subprocess.PIPE, env=environment())


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


async def test_writes_that_wait_together_share_a_transaction(open_with: Any) -> None:
    async with open_with() as store:
        await store.set(b"key", b"value")
        before = store._database._env.info()["last_txnid"]
        await asyncio.gather(*(store.set(b"%d" % number, b"value") for number in range(500)))
        assert store._database._env.info()["last_txnid"] - before < 10


async def test_writes_are_done_in_the_order_they_came(open_with: Any) -> None:
    async with open_with() as store:
        answers = []
        for turn in range(100):
            answers.append(store.set(b"key", b"%d" % turn))
            answers.append(store.delete(b"key") if turn % 2 else store.set(b"other", b"%d" % turn, ttl_ms=60_000))
        answers.append(store.cas(b"key", expected=None, value=b"last"))
        results = await asyncio.gather(*answers)
        assert results[-1] is True
        assert store.get(b"key") == b"last"
        assert store.get(b"other") == b"98"


async def test_a_batch_larger_than_a_transaction_holds_is_cut(open_with: Any) -> None:
    async with open_with() as store:
        await asyncio.gather(*(store.set(b"%d" % number, bytes(8 << 20)) for number in range(6)))
        await asyncio.gather(*(store.set(b"k%d" % number, b"") for number in range(10_000)))
        assert len((await store.keys(prefix=b"k")).keys) == 10_000
        assert store.get(b"5") == bytes(8 << 20)


async def test_closing_answers_everything_that_was_accepted(open_with: Any) -> None:
    async with open_with() as store:
        answers = [asyncio.ensure_future(store.set(b"%d" % number, b"value")) for number in range(1000)]
    assert all(answer.done() and answer.exception() is None for answer in answers)
    async with open_with() as store:
        assert len(store.keys(limit=1000).keys) == 1000


async def test_closing_twice_is_closing_once(open_with: Any) -> None:
    async with open_with() as store:
        await asyncio.gather(store.close(), store.close())
    with pytest.raises(KVError, match="closed"):
        store.get(b"key")


async def test_a_bug_in_a_write_fails_that_write_alone(open_with: Any) -> None:
    def divide(_transaction: object) -> int:
        return 1 // 0

    async with open_with() as store:
        good = store.set(b"good", b"value")
        bad = store._writer.submit(divide, 0)
        later = store.set(b"later", b"value")
        with pytest.raises(ZeroDivisionError):
            await bad
        await asyncio.gather(good, later)
        assert store.get(b"good") == store.get(b"later") == b"value"


async def test_one_write_that_fails_costs_the_others_few_transactions_and_the_log_one_line(
    open_with: Any, records: Any
) -> None:
    async with open_with(initial_bytes=1 << 20, max_bytes=4 << 20) as store:
        for _ in range(3):
            before = store._database._env.info()["last_txnid"]
            answers = [store.set(b"%d" % number, b"value") for number in range(500)]
            answers.insert(250, store.set(b"big", bytes(8 << 20)))
            outcomes = await asyncio.gather(*answers, return_exceptions=True)
            assert [str(outcome) for outcome in outcomes if outcome] == ["the store is full: lmdb_max_bytes is 4194304"]
            assert store._database._env.info()["last_txnid"] - before < 30
        assert len(records.messages(30)) == 1


KILLED = """
    async def main():
        async with open_lmdb(settings, context) as store:
            async def client(number):
                for turn in range(1_000_000):
                    key = b"%d/%d" % (number, turn)
                    await store.set(key, key * 20)
                    if turn % 3 == 2:
                        await store.delete(b"%d/%d" % (number, turn - 1))
                    os.write(1, b"%d %d\\n" % (number, turn))
            await asyncio.gather(*(client(number) for number in range(64)))
    asyncio.run(main())
"""


@pytest.mark.parametrize("seconds", [0.2, 0.5])
async def test_after_kill_9_every_acknowledged_write_is_there(open_with: Any, tmp_path: Path, seconds: float) -> None:
    process = run(KILLED, tmp_path)
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    loop = asyncio.get_running_loop()
    loop.call_later(seconds, os.kill, process.pid, signal.SIGKILL)
    lines += await asyncio.to_thread(process.stdout.readlines)
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    words = [line.split() for line in lines if line.endswith(b"\n")]
    acknowledged = [(int(number), int(turn)) for number, turn in words]
    last = dict(acknowledged)
    assert len(acknowledged) > 200
    async with open_with() as store:
        for number, turn in acknowledged:
            key = b"%d/%d" % (number, turn)
            # Of a key that was deleted right after the last line nothing can be said.
            if turn % 3 == 1 and turn + 1 > last[number]:
                continue
            expected = None if turn % 3 == 1 else key * 20
            assert store.get(key) == expected, key
        await store.set(b"new", b"value")
        assert store.get(b"new") == b"value"


FULL = """
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    async def main():
        async with open_lmdb(settings, context) as store:
            await store.set(b"before", b"value")
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))
            outcomes = await asyncio.gather(
                *(store.set(b"%d" % number, bytes(1 << 20)) for number in range(12)), return_exceptions=True
            )
            failures = sorted({str(outcome) for outcome in outcomes if outcome is not None})
            told = None
            try:
                await store.set(b"again", bytes(8 << 20))
            except Exception as error:
                told = type(error).__name__
            kept = [number for number in range(12) if outcomes[number] is None]
            read = [store.get(b"%d" % number) == bytes(1 << 20) for number in kept]
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await store.set(b"after", b"value")
            well = store.health() is None
            print(json.dumps([failures, told, kept, read, well, records.messages(30)]))
    asyncio.run(main())
"""


async def test_a_full_disk_fails_those_writes_and_nothing_else(open_with: Any, tmp_path: Path) -> None:
    process = run(FULL, tmp_path)
    output, _ = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    failures, told, kept, read, well, logged = json.loads(output)
    assert len(failures) == 1
    assert failures[0].startswith("the store cannot write: ")
    assert failures[0].endswith("(is the disk full?)")
    assert told == "KVError"
    assert len(kept) < 12
    assert all(read)
    assert well is True
    assert len(logged) == 1
    assert "tarmac.db fail" in logged[0]
    async with open_with() as store:
        assert store.get(b"before") == store.get(b"after") == b"value"
        for number in kept:
            assert store.get(b"%d" % number) == bytes(1 << 20)
        assert len(store.keys().keys) == 2 + len(kept)

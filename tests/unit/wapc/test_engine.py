"""The engine's own life: its self-test, its ticker, its end, and the end of the process."""

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Coroutine
from pathlib import Path

import pytest

from tarmac_core.wapc import Engine, EngineError, EngineSettings, GuestError, GuestLimits
from tarmac_core.wapc._abi import _PROTOTYPES, Api
from tests.unit.wapc.conftest import Load, never, reverse
from tests.unit.wapc.guests import starting, zoo

ROOT = Path(__file__).parents[3]


def test_the_self_test_passes_and_leaves_nothing(engine: Engine) -> None:
    engine.self_test()
    assert len(engine._host.live) == 0


def test_the_self_test_tells_what_differs(engine: Engine) -> None:
    engine._host.wasm = lambda _text: zoo()  # type: ignore[method-assign,assignment]
    with pytest.raises(EngineError, match="self-test"):
        engine.self_test()


def test_a_missing_function_of_wasmtime_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_PROTOTYPES, "wasmtime_no_such_function", (None, ()))
    with pytest.raises(EngineError, match="has no function wasmtime_no_such_function"):
        Api()


def test_two_engines_live_in_one_process(cache_dir: Path) -> None:
    async def main(engine: Engine) -> None:
        guest = engine.load("zoo", zoo(), GuestLimits())
        assert await guest.call(b"h", b"abc", reverse) == b"cba"
        await guest.close()

    settings = EngineSettings(cache_dir=cache_dir)
    with Engine(settings) as one, Engine(settings) as two:
        for engine in (one, two, one):
            asyncio.run(main(engine))


async def test_the_ticker_sleeps_while_nothing_runs_and_wakes_for_a_call(engine: Engine, load: Load) -> None:
    guest = load()
    await guest.call(b"e", b"", never)
    runtime = engine._host.runtime
    for _ in range(100):
        if runtime.asleep:
            break
        await asyncio.sleep(0.02)
    assert runtime.asleep
    ticks = runtime.ticks
    await asyncio.sleep(0.05)
    assert runtime.ticks == ticks
    deadline_s = asyncio.get_running_loop().time() + 0.05
    with pytest.raises(GuestError, match="time limit"):
        await guest.call(b"l", b"", never, deadline_s=deadline_s)
    assert runtime.ticks > ticks + 3


async def test_close_ends_calls_that_run_and_again_is_nothing(cache_dir: Path) -> None:
    before = set(threading.enumerate())
    engine = Engine(EngineSettings(cache_dir=cache_dir))
    guest = engine.load("zoo", zoo(), GuestLimits(pool_size=3))

    async def hang(*_: bytes) -> bytes:
        await asyncio.sleep(0.1)
        return b""

    calls = [guest.call(b"l", b"", never), guest.call(b"h", b"", hang), guest.call(b"p", b"\x50\0\0\0", never)]
    tasks = [asyncio.create_task(call) for call in (*calls, guest.call(b"e", b"", never))]
    await asyncio.sleep(0.02)
    engine.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [getattr(result, "kind", result) for result in results] == ["closed"] * 4
    engine.close()
    with pytest.raises(GuestError, match="closed"):
        await guest.call(b"e", b"", never)
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("guest-")]


async def test_a_closed_guest_answers_closed(load: Load) -> None:
    guest = load(pool_size=1)
    await guest.call(b"e", b"", never)
    running = asyncio.create_task(guest.call(b"l", b"", never))
    waiting = asyncio.create_task(guest.call(b"e", b"", never))
    await asyncio.sleep(0.02)
    await guest.close()
    for call in (running, waiting, guest.call(b"e", b"", never)):
        with pytest.raises(GuestError) as caught:
            await call
        assert caught.value.kind == "closed"
    await guest.close()
    assert guest.stats().instances == 0


@pytest.mark.parametrize("point", ["in a host call", "asleep", "in a start function", "in warm"])
async def test_closing_a_guest_ends_calls_that_wait_however_long(load: Load, point: str) -> None:
    cancelled = asyncio.Event()

    async def hang(*_: bytes) -> bytes:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()
        return b""

    starts = starting("(drop (call $ask (i32.const 0) (i32.const 1)))")
    guest = load(starts if point in ("in a start function", "in warm") else None, min_instances=1)
    call: Coroutine[None, None, object] = guest.call(b"p" if point == "asleep" else b"h", b"\0\0\1\0", hang)
    if point == "in warm":
        call.close()
        call = guest.warm(hang)
    running = asyncio.create_task(call)
    await asyncio.sleep(0.02)
    await guest.close()
    async with asyncio.timeout(1):
        with pytest.raises(GuestError, match="the function was closed"):
            await running
    assert cancelled.is_set() == (point != "asleep")
    assert running.cancelling() == 0
    assert guest.stats().instances == 0


async def test_a_handler_that_closes_its_guest_leaves_nothing(load: Load) -> None:
    guest = load()
    await guest.call(b"e", b"", never)

    def close(*_: bytes) -> bytes:
        guest._pool.close()
        return b"answer"

    assert await guest.call(b"h", b"", close) == b"answer"
    assert guest.stats().instances == guest.stats().idle == 0

    async def hang() -> bytes:
        await asyncio.sleep(60)
        return b""

    def close_and_hang(*_: bytes) -> Awaitable[bytes]:
        other._pool.close()
        return hang()

    other = load()
    await other.call(b"e", b"", never)
    async with asyncio.timeout(1):
        with pytest.raises(GuestError, match="closed"):
            await other.call(b"h", b"", close_and_hang)
    assert other.stats().instances == other.stats().idle == 0


async def test_an_instance_goes_to_a_call_that_a_handler_began(load: Load) -> None:
    """As a task that starts eagerly does."""
    guest = load(pool_size=1)
    await guest.call(b"e", b"", never)
    waiting = guest._pool.acquire(lambda: guest._make(never, None))

    def begin(*_: bytes) -> bytes:
        waiting.send(None)
        return b"answer"

    assert await guest.call(b"h", b"", begin) == b"answer"
    assert guest.stats().waiting == guest.stats().idle == 0
    with pytest.raises(StopIteration) as served:
        waiting.send(None)
    instance = served.value.value
    assert instance.call(b"e", b"x") == b"x"
    guest._pool.put_back(instance)


async def test_instances_are_freed_on_whatever_thread_drops_them(engine: Engine, load: Load) -> None:
    guest = load(isolation="fresh")
    for _ in range(50):
        assert await guest.call(b"e", b"x", never) == b"x"
    assert len(engine._host.live) == 0
    kept = [await guest._make(never, None) for _ in range(5)]
    assert len(engine._host.live) == 5
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join()
    assert len(engine._host.live) == 0


def run(code: str, *, timeout_s: float = 60, limit_kib: int | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code)]
    if limit_kib is not None:
        command = ["bash", "-c", f'ulimit -v {limit_kib}; exec "$@"', "bash", *command]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False)


START = """
import asyncio, sys, time
from tarmac_core.wapc import *
from tests.unit.wapc.guests import zoo
from tests.unit.wapc.conftest import never, reverse
engine = Engine()
guest = engine.load("zoo", zoo(), GuestLimits())
"""


@pytest.mark.parametrize("closes", [True, False])
def test_the_process_ends_while_guests_spin_sleep_and_wait(closes: bool) -> None:
    end = "engine.close()" if closes else "pass"
    done = run(f"""{START}
async def hang(*_):
    await asyncio.sleep(60)
async def main():
    global tasks
    tasks = [asyncio.ensure_future(guest.call(o, b"\\0\\0\\1\\0", h))
        for o, h in [(b"l", never)] * 4 + [(b"h", hang)] * 3 + [(b"p", never)]]
    await asyncio.sleep(0.1)
    print("running", engine._host.runtime.live, flush=True)
    {end}
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
if not {closes}:
    for task in tasks: task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
""")
    assert done.stdout == "running 8\n"
    assert (done.returncode, [line for line in done.stderr.splitlines() if "Fatal" in line or "panic" in line]) == (
        0,
        [],
    )


@pytest.mark.parametrize("end", ["engine.close()", "del engine, guest", "pass"])
def test_a_forked_child_ends(end: str) -> None:
    done = run(f"""{START}
import gc, os
asyncio.run(guest.warm(never))
child = os.fork()
if not child:
    {end}
    gc.collect()
    sys.exit(7)
for _ in range(500):
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended: break
    time.sleep(0.01)
else:
    os.kill(child, 9)
    os.waitpid(child, 0)
print(bool(ended), os.waitstatus_to_exitcode(status))
engine.close()
""")
    assert done.stdout == "True 7\n", done.stderr


def test_importing_the_room_starts_nothing() -> None:
    done = run("""
import threading, sys
import tarmac_core.wapc
from pathlib import Path
tasks = list(Path("/proc/self/task").iterdir())
print(threading.active_count(), len(tasks), "tornado" in sys.modules, "pydantic" in sys.modules)
""")
    assert done.stdout == "1 1 False False\n", done.stderr


def test_a_limited_address_space_is_said_and_survived() -> None:
    done = run(
        f"""{START}
async def main():
    tasks = [guest.call(b"p", b"\\x20\\0\\0\\0", never) for _ in range(40)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    kinds = [getattr(r, "kind", "answer") for r in results]
    print(engine.notices[0].split(":")[0], kinds.count("answer") > 2, set(kinds) <= {{"answer", "init", "limit"}})
asyncio.run(main())
engine.close()
""",
        limit_kib=6 << 20,
    )
    assert done.stdout == f"the address space is limited to {6 << 30} bytes (ulimit -v) True True\n", done.stderr


def test_an_engine_is_ready_within_a_moment(cache_dir: Path) -> None:
    async def main() -> float:
        with Engine(EngineSettings(cache_dir=cache_dir)) as engine:
            engine.self_test()
            guest = engine.load("zoo", zoo(), GuestLimits())
            await guest.call(b"e", b"", never)
            took = time.perf_counter() - began
            await guest.close()
        return took

    times = []
    for _ in range(10):
        began = time.perf_counter()
        times.append(asyncio.run(main()))
    assert min(times) < 0.06


def test_signals_that_raise_never_reach_the_fiber() -> None:
    done = run(f"""{START}
import signal
guest = engine.load("zoo", zoo(), GuestLimits(pool_size=100_000))
class Alarm(Exception): pass
landed = right = 0
def ring(*_):
    global landed
    landed += 1
    raise Alarm
async def call_until(end):
    global right
    while True:
        try:
            while time.perf_counter() < end:
                assert await guest.call(b"h", b"abc", reverse) == b"cba"
                right += 1
            return signal.setitimer(signal.ITIMER_REAL, 0)
        except Alarm:
            pass
async def main():
    end = time.perf_counter() + 1
    for _ in range(20):  # a signal may land in the handler of the one before
        try:
            return await call_until(end)
        except Alarm:
            pass
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0007)
try:
    asyncio.run(main())
except Alarm:
    pass
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0)
print(landed > 10, right > 10)
engine.close()
""")
    assert (done.stdout, done.returncode) == ("True True\n", 0), done.stderr


def test_instances_give_back_every_reference_to_none() -> None:
    done = run(f"""{START}
guest = engine.load("zoo", zoo(), GuestLimits(isolation="fresh"))
async def main(count):
    for _ in range(count):
        assert await guest.call(b"h", b"abc", reverse) == b"cba"
asyncio.run(main(20))
before = sys.getrefcount(None)
asyncio.run(main(200))
print(before - sys.getrefcount(None) < 100)
engine.close()
""")
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr

"""The compiled part: it refuses misuse, and reads and writes no memory that is not its own."""

import contextlib
import os
import subprocess
import sys
import sysconfig
from ctypes import addressof
from pathlib import Path

import pytest

from tarmac_core.wapc import Engine, GuestError, _fiber, steps
from tarmac_core.wapc._abi import Extern
from tests.unit.wapc.conftest import Load, never

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "tarmac_core" / "wapc" / "_fiber.c"

STRESS = """
import asyncio, gc, random, sys
sys.path.insert(0, sys.argv[1])
import importlib.util
spec = importlib.util.spec_from_file_location("tarmac_core.wapc._fiber", sys.argv[2])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
sys.modules["tarmac_core.wapc._fiber"] = module
import tarmac_core.wapc as wapc
assert wapc.engine.Fiber is module.Fiber
from tests.unit.wapc.guests import zoo, bad_pointers, BAD_POINTERS
from tests.unit.wapc.conftest import reverse, reverse_later
from pathlib import Path

chance = random.Random(1)
kinds = {}

async def one(guest, operation, payload):
    deadline_s = asyncio.get_running_loop().time() + (0.02 if operation in b"lF" else 5)
    try:
        await guest.call(operation, payload, chance.choice([reverse, reverse_later]), deadline_s=deadline_s)
        kinds["answer"] = kinds.get("answer", 0) + 1
    except wapc.GuestError as error:
        kinds[error.kind] = kinds.get(error.kind, 0) + 1

async def main(engine):
    engine.self_test()
    said = []
    guests = [engine.load("zoo", zoo(), wapc.GuestLimits(pool_size=5, isolation=i), log=lambda *line: said.append(line))
        for i in ("reused", "fresh")]
    bad = engine.load("bad", bad_pointers(), wapc.GuestLimits())
    for i in range(len(BAD_POINTERS)):
        await one(bad, bytes([i]), b"")
    tasks = []
    for i in range(1200):
        operation = chance.choice([bytes([letter]) for letter in b"ehyfwctausgkxplF"])
        size = chance.choice([0, 1, 100, 70_000, 1_500_000]) if operation in b"ehyw" else 4
        tasks.append(asyncio.create_task(one(chance.choice(guests), operation, b"\\1\\0\\0\\0" + bytes(size))))
        if i % 5 == 0:
            chance.choice(tasks).cancel()
        if i % 20 == 0:
            await asyncio.sleep(0.01)
    await asyncio.gather(*tasks, return_exceptions=True)
    await one(guests[0], b"h", bytes(20 << 20))
    for guest in (*guests, bad):
        await guest.close()
    assert said

with wapc.Engine(wapc.EngineSettings(cache_dir=Path(sys.argv[3]))) as engine:
    asyncio.run(main(engine))
    runtime = engine._host.runtime
    assert runtime.live == 0, runtime.live
del engine, runtime
gc.collect()
assert {"answer", "guest", "trap", "exit", "abort", "timeout"} <= set(kinds), kinds
print("done")
"""


def test_a_stress_under_the_address_sanitizer_finds_nothing(tmp_path: Path, cache_dir: Path) -> None:
    library = tmp_path / "_fiber.so"
    flags = ["-g", "-O1", "-fPIC", "-shared", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wstrict-prototypes"]
    include = f"-I{sysconfig.get_path('include')}"
    subprocess.run(["gcc", *flags, *warnings, include, str(SOURCE), "-o", str(library)], check=True)
    found = [
        subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    options = "detect_leaks=0:handle_segv=0:handle_sigill=0:handle_sigfpe=0:use_sigaltstack=0:abort_on_error=1"
    done = subprocess.run(
        [sys.executable, "-c", STRESS, str(ROOT), str(library), str(cache_dir)],
        env={**os.environ, "LD_PRELOAD": " ".join(found), "ASAN_OPTIONS": options, "PYTHONMALLOC": "malloc"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr[-4000:]
    assert "AddressSanitizer" not in done.stderr


async def test_misuse_is_an_error_in_python(engine: Engine, load: Load) -> None:
    guest = load()
    instance = await guest._make(never, None)
    fiber = instance.fiber
    with pytest.raises(RuntimeError, match="no call is running"):
        fiber.reply(True, b"", b"")
    with pytest.raises(RuntimeError, match="no call is running"):
        fiber.resume()
    with pytest.raises(RuntimeError, match="no call is running"):
        fiber.spin()
    with pytest.raises(TypeError):
        fiber.call(b"e")  # type: ignore[call-arg]
    with pytest.raises(RuntimeError, match="outside io"):
        fiber.read(0, 0xFFFFFFFF)
    assert isinstance(fiber.call(b"h", b"abc"), tuple)
    with pytest.raises(RuntimeError, match="a call is running"):
        fiber.call(b"h", b"abc")
    with pytest.raises(RuntimeError, match="a host call is pending"):
        fiber.resume()
    with pytest.raises(TypeError, match="error must be bytes"):
        fiber.reply(True, b"", "text")  # type: ignore[arg-type]
    assert fiber.reply(True, b"cba", b"") == b"cba"
    instance.close()
    instance.close()
    assert fiber.call(b"h", b"abc") == fiber.reply(True, b"", b"") == fiber.resume() == fiber.spin() == _fiber.CLOSED
    with pytest.raises(RuntimeError, match="outside io"):
        fiber.text()


def test_a_runtime_and_a_fiber_check_what_they_are_given(engine: Engine) -> None:
    runtime = engine._host.runtime
    with pytest.raises(RuntimeError, match="made once"):
        runtime.__init__(None, 1, 1, (1,) * 9)  # type: ignore[misc]
    with pytest.raises(ValueError, match="must not be zero"):
        _fiber.Runtime(None, 0, 1, (1,) * 9)
    with pytest.raises(ValueError, match="address of a function is zero"):
        _fiber.Runtime(None, 1, 1, (0,) * 9)
    with pytest.raises(TypeError, match="must be a Runtime"):
        _fiber.Fiber(object(), 1, 1, 1, 1, 1, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must not be zero"):
        _fiber.Fiber(runtime, 0, 1, 1, 1, 1, None)


async def test_a_guest_that_computes_long_goes_on_at_a_worker_after_a_host_call(engine: Engine, load: Load) -> None:
    guest = load()
    instance = await guest._make(never, None)
    assert isinstance(instance.call(b"h", b"abc"), tuple)
    guest._program.busy.value = 1
    assert instance.reply(True, b"cba", b"") == _fiber.YIELDED
    assert await engine._host.workers.run(instance.fiber) == b"cba"
    guest._program.busy.value = 0
    assert instance.call(b"p", bytes(4)) == steps.SLEEP
    guest._program.busy.value = 1
    assert instance.fiber.resume() == _fiber.YIELDED
    instance.close()


async def test_names_of_host_calls_are_right_however_many_there_are(load: Load) -> None:
    guest = load()
    for i in range(300):
        data = bytes([i % 256, i // 256]) * 3
        for _ in range(2):
            seen: list[tuple[bytes, ...]] = []
            await guest.call(b"v", data, lambda *call, seen=seen: seen.append(call) or b"")
            assert seen == [(data[:2], data[:3], data, b"")]


def resident_bytes(address: int) -> int:
    """Of the mapping at an address, from /proc/self/smaps."""
    is_it = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head = line.split()[0]
        if "-" in head:
            begin, end = (int(part, 16) for part in head.split("-"))
            is_it = begin <= address < end
        elif is_it and head == "Rss:":
            return int(line.split()[1]) << 10
    raise LookupError(hex(address))


async def test_the_exchange_memory_is_given_back_after_a_huge_call(engine: Engine, load: Load) -> None:
    guest = load(pool_size=1)
    await guest.call(b"e", b"", never)
    instance = guest._idle[0]
    _, io, *_ = instance._keep
    assert isinstance(io, Extern)
    address = engine._host.api.memory_data(instance._context, addressof(io.of.memory))
    for operation in (b"e", b"g", b"z"):
        with contextlib.suppress(GuestError):
            await guest.call(operation, b"x" * (7 << 20), never)
        assert 4 << 20 <= resident_bytes(address) < 5 << 20
    assert guest._idle == [instance]

"""From the start of the process to its first answer, beside a process that only imports the libraries."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from wasmtime import wat2wasm

from benchmarks.figure import Figure
from benchmarks.server import environment, serve, write_manifest

RUNS = 9
IMPORTS = "import asyncio, click, pluggy, pydantic, wasmtime, tornado"
SMALL = """(module (import "wapc" "__guest_request" (func $r (param i32 i32)))
 (import "wapc" "__guest_response" (func $s (param i32 i32))) (memory (export "memory") 2)
 (func (export "__guest_call") (param i32 i32) (result i32)
  (call $r (i32.const 16) (i32.const 1024)) (call $s (i32.const 1024) (local.get 1)) (i32.const 1))
 (global i32 (i32.const {number})))"""


def figures() -> Iterator[Figure]:
    """Seconds, medians; the libraries' import and both starts are measured in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, twenty = (_manifest(folder, count) for count in (1, 20))
        rows = [(_imports_s(), _start_s(one, folder), _start_s(twenty, folder)) for _ in range(RUNS + 1)][1:]
    imports, first, many = (statistics.median(column) for column in zip(*rows, strict=True))
    yield Figure("import asyncio, click, pluggy, pydantic, wasmtime, tornado", imports, "s")
    yield Figure("start to the first answer, 1 function", first, "s")
    yield Figure("start to the first answer, 20 functions", many, "s")
    yield Figure("1 function, more than the imports", first - imports, "s", 0.25)
    yield Figure("20 functions, more than the imports", many - imports, "s", 0.45)


def _manifest(folder: Path, count: int) -> Path:
    home = folder / str(count)
    home.mkdir()
    modules = {f"f{number}": home / f"f{number}.wasm" for number in range(count)}
    for number, path in enumerate(modules.values()):
        path.write_bytes(wat2wasm(SMALL.format(number=number)))
    return write_manifest(home, modules)


def _imports_s() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True, env=environment())
    return time.perf_counter() - began


def _start_s(manifest: Path, folder: Path) -> float:
    with serve(manifest, folder / "data", "/f0") as (_pid, _port, seconds):
        return seconds

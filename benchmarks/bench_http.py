"""Requests a second over HTTP with wrk: the Go echo guest, and a bare Tornado handler in the same run."""

import contextlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, wait_until
from benchmarks.server import answers, free_port, serve, write_manifest

GUESTS = Path(__file__).parent.parent / "tests" / "guests" / "wasm"
ROUNDS = 3
WRK_S = 4
POST = 'wrk.method = "POST"\nwrk.body = string.rep("x", 100)\n'
BARE = """
import asyncio, sys, tornado.web
class Echo(tornado.web.RequestHandler):
    def post(self): self.write(self.request.body)
async def main():
    tornado.web.Application([("/echo", Echo)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()
asyncio.run(main())
"""


def figures() -> Iterator[Figure]:
    """Medians of rounds in turns; wrk uses one thread and 64 connections beside the server on the same machine."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as name, _tarmac(Path(name)) as ours, _bare_tornado() as bare:
        script = Path(name) / "post.lua"
        script.write_text(POST, encoding="utf-8")
        rounds = [(wrk(ours, "/echo", script), wrk(bare, "/echo", script)) for _ in range(ROUNDS)]
    (ours_rate, ours_p99), (bare_rate, bare_p99) = (
        tuple(statistics.median(values) for values in zip(*column, strict=True)) for column in zip(*rounds, strict=True)
    )
    yield Figure("Go echo guest, 100 bytes, 64 connections", ours_rate, "req/s")
    yield Figure("Go echo guest, p99", ours_p99, "ms")
    yield Figure("bare Tornado RequestHandler, the same", bare_rate, "req/s")
    yield Figure("bare Tornado RequestHandler, p99", bare_p99, "ms")
    yield Figure("Tarmac's rate as a share of bare Tornado's", ours_rate / bare_rate, "x")


@contextlib.contextmanager
def _tarmac(folder: Path) -> Iterator[int]:
    manifest = write_manifest(folder, {"echo": GUESTS / "go-echo.wasm"})
    with serve(manifest, folder / "data", "/echo") as (_pid, port, _seconds):
        yield port


@contextlib.contextmanager
def _bare_tornado() -> Iterator[int]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", BARE, str(port)]) as process:
        try:
            wait_until(lambda: answers(port, "/echo"), 20)
            yield port
        finally:
            process.terminate()


def wrk(port: int, path: str, script: Path) -> tuple[float, float]:
    """Requests a second and their p99 in ms, of 64 connections for `WRK_S`."""
    command = ["wrk", "-t1", "-c64", f"-d{WRK_S}s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}{path}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if rate is None or p99 is None or "Non-2xx" in text:
        raise RuntimeError(f"wrk did not measure: {text}")
    return float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]]

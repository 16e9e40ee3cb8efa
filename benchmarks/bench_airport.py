"""The airport service of the examples: how long its file takes to load, what lookups feel of that, how many there can be."""

import contextlib
import http.client
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.bench_http import WRK_S, wrk
from benchmarks.figure import Figure, percentile
from tests.together.airport import EXAMPLE, expected, feed, write_file
from tests.together.airport_servers import DATABASES
from tests.together.server import WASM, Server, serve

ROWS, ROUNDS = 70_000, 3
LIMITS_S = {"sqlite": 20, "mysql": 40}
LOOKUP = 'wrk.method = "POST"\nwrk.body = \'{"local_code": "PHX"}\'\n'
GET = 'wrk.method = "POST"\nwrk.body = "get airport/PHX"\n'


def figures() -> Iterator[Figure]:
    """On each database that the service is tested with; warm lookups on SQLite and LMDB."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "airports.csv"
        write_file(file, ROWS)
        codes = list(expected(file).airports)
        with feed(file) as address:
            for database, started in DATABASES.items():
                with started() as used, _service(Path(name) / database, {**address, **used.settings}) as server:
                    yield from _loading(database, server, codes)
                    if used.server is None:
                        yield from _warm(server, Path(name))


@contextlib.contextmanager
def _service(folder: Path, settings: Mapping[str, str]) -> Iterator[Server]:
    """The service after its first load, with `/load` to load again and `/get` that gets a key and does nothing else."""
    folder.mkdir()
    manifest = json.loads((EXAMPLE / "tarmac.json").read_text())
    service = manifest["services"]["airport-lookup"]
    for function in service["functions"].values():
        function["filepath"] = str(EXAMPLE / function["filepath"])
    service["functions"]["get"] = {"filepath": str(WASM / "go-misc.wasm")}
    for name, function in (("load", "load"), ("get", "get")):
        service["routes"].append({"type": "http", "path": f"/{name}", "methods": ["POST"], "function": function})
    (folder / "tarmac.json").write_text(json.dumps(manifest))
    server = serve(folder, "tarmac.json", "--config", str(EXAMPLE / "conf" / "sqlite-lmdb.toml"), **settings)
    server.options = ()
    with server:
        server.port = int(server.wait_for("Starting HTTP Listener")["port"])
        yield server


def _loading(database: str, server: Server, codes: list[str]) -> Iterator[Figure]:
    """A reload by one client, and every 2 ms a lookup of another airport, none of which is cached."""
    took_s: list[float] = []
    loader = threading.Thread(target=lambda: took_s.append(_load(server)))
    loader.start()
    took_ms = list(_lookups_ms(server.port, codes, loader))
    yield Figure(f"{database}: {ROWS:,} rows fetched, parsed and stored", took_s[0], "s", LIMITS_S.get(database))
    yield Figure(f"{database}: {len(took_ms):,} uncached lookups meanwhile, p50", percentile(took_ms, 0.5), "ms")
    limit_ms = 20 if database in LIMITS_S else None
    yield Figure(f"{database}: uncached lookups meanwhile, p99", percentile(took_ms, 0.99), "ms", limit_ms)


def _load(server: Server) -> float:
    began = time.perf_counter()
    answer = server.ask(path="/load")
    if answer.code != 200:
        raise RuntimeError(answer.body.decode())
    return time.perf_counter() - began


def _lookups_ms(port: int, codes: list[str], loader: threading.Thread) -> Iterator[float]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for code in codes:
            if not loader.is_alive():
                return
            began = time.perf_counter()
            connection.request("POST", "/", json.dumps({"local_code": code}))
            answer = connection.getresponse()
            if json.loads(answer.read()).get("local_code") != code:
                raise RuntimeError(f"{code!r} was answered with {answer.status}")
            yield (time.perf_counter() - began) * 1e3
            time.sleep(0.002)


def _warm(server: Server, folder: Path) -> Iterator[Figure]:
    """The answer in the cache, beside the same key got by a guest that does only that; in turns. By the server's CPU time,
    which all requests wait for: rates depend on what else the machine does."""
    cpu_us: dict[str, list[float]] = {LOOKUP: [], GET: []}
    script = folder / "post.lua"
    for _ in range(ROUNDS):
        for text, path in ((LOOKUP, "/"), (GET, "/get")):
            script.write_text(text, encoding="utf-8")
            before_s = _cpu_s(server.process.pid)
            rate, _ = wrk(server.port, path, script)
            cpu_us[text].append((_cpu_s(server.process.pid) - before_s) / (rate * WRK_S) * 1e6)
    lookup, get = (statistics.median(column) for column in cpu_us.values())
    yield Figure("CPU of a warm lookup, HTTP included", lookup, "us")
    yield Figure("of kvstore/get of the same key in a guest that does only that", get, "us")
    yield Figure("warm lookups for each such get", get / lookup, "x", 0.8, at_least=True)


def _cpu_s(pid: int) -> float:
    """CPU time that a process has used."""
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

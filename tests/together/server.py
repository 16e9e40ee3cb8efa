"""A real server in a process of its own, and a client for it."""

import http.client
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent.parent
WASM = ROOT / "tests" / "guests" / "wasm"
START_LIMIT_S = 60
STOP_LIMIT_S = 30
_COMPILED = tempfile.TemporaryDirectory(prefix="tarmac-modules-", ignore_cleanup_errors=True)


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    code: int
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Server:
    """`tarmac` with arguments, in a folder; `prefix` starts it. Leaving the block kills it.

    `options` are Python's: its development mode finds what is leaked, and answers a tenth of the requests a second.
    """

    folder: Path
    arguments: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    options: tuple[str, ...] = ("-X", "dev", "-W", "default")
    port: int = 0
    stderr: str = ""

    def __post_init__(self) -> None:
        self.logged: list[dict[str, Any]] = []
        self._news: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def __enter__(self) -> Self:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
        environ |= {"APP_DATA_DIR": str(self.folder / "data"), "APP_CACHE_DIR": _COMPILED.name, "PYTHONPATH": str(ROOT)}
        environ |= self.environ
        self.process = subprocess.Popen(
            [*self.prefix, sys.executable, *self.options, "-m", "tarmac_core", *self.arguments],
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._threads = [threading.Thread(target=self._read_out), threading.Thread(target=self._read_err)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def wait_for(self, message: str) -> dict[str, Any]:
        """Return the first log line whose message begins so, waiting for it; AssertionError when the process ends before."""
        while True:
            found = [line for line in self.logged if line["msg"].startswith(message)]
            if found:
                return found[0]
            news = self._news.get(timeout=START_LIMIT_S)
            if news is None:
                self.process.wait()
                raise AssertionError(
                    f"ended with {self.process.returncode} before {message!r}: {self.stderr}{self.logged}"
                )
            self.logged.append(news)

    def ask(self, body: bytes | str = b"", path: str = "/", method: str = "POST", **headers: str) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.getheaders()))
        finally:
            connection.close()

    @contextmanager
    def half_asked(self, body: bytes, path: str = "/") -> Iterator[socket.socket]:
        """A request that was sent and not waited for."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            yield client

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end and return the exit code; all output is read then."""
        code = self.process.wait(STOP_LIMIT_S)
        for thread in self._threads:
            thread.join()
        while (line := self._news.get()) is not None:
            self.logged.append(line)
        assert "Warning: " not in self.stderr, self.stderr
        return code

    @property
    def messages(self) -> list[str]:
        """Messages of all lines read so far."""
        return [line["msg"] for line in self.logged]

    def _read_out(self) -> None:
        for line in self.process.stdout or ():
            self._news.put(json.loads(line))
        self._news.put(None)

    def _read_err(self) -> None:
        self.stderr = (self.process.stderr.read() if self.process.stderr else "") or ""


def serve(folder: Path, *arguments: str, **environ: str) -> Server:
    """`tarmac serve` on a free port without TLS."""
    return Server(folder, ("serve", *arguments, "--no-tls", "--listen", "127.0.0.1:0"), environ)


@contextmanager
def listening(folder: Path, *arguments: str, **environ: str) -> Iterator[Server]:
    """The same, once it listens."""
    with serve(folder, *arguments, **environ) as server:
        server.port = int(server.wait_for("Starting HTTP Listener")["port"])
        yield server


def write_manifest(folder: Path, functions: Mapping[str, Any], routes: list[dict[str, Any]] | None = None) -> Path:
    """Write `tarmac.json` and copy the guests in; a function is a guest's name or a table with `guest`, `filepath` or more.

    Without routes each function `f` gets POST and GET on `/f`.
    """
    described = {}
    for name, said in functions.items():
        function = {"guest": said} if isinstance(said, str) else dict(said)
        guest = function.pop("guest", None)
        if guest is not None:
            shutil.copy(WASM / f"{guest}.wasm", folder / f"{guest}.wasm")
            function["filepath"] = f"{guest}.wasm"
        described[name] = function
    if routes is None:
        routes = [
            {"type": "http", "path": f"/{name}", "methods": ["GET", "POST"], "function": name} for name in functions
        ]
    manifest = {"services": {"test": {"name": "test", "functions": described, "routes": routes}}}
    path = folder / "tarmac.json"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return path

"""Start a real Tarmac process for a benchmark, and end it."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.figure import wait_until


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_manifest(folder: Path, modules: Mapping[str, Path]) -> Path:
    """A manifest with one POST route `/<name>` for each function."""
    functions = {name: {"filepath": str(path)} for name, path in modules.items()}
    routes = [{"type": "http", "path": f"/{name}", "methods": ["POST"], "function": name} for name in modules]
    manifest = folder / "tarmac.json"
    service = {"name": "bench", "functions": functions, "routes": routes}
    manifest.write_text(json.dumps({"services": {"bench": service}}), encoding="utf-8")
    return manifest


def answers(port: int, path: str) -> bool:
    """Whether a POST to `path` is answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("POST", path, b"x")
            return connection.getresponse().status == 200
        except ConnectionRefusedError:
            return False


def environment(**more: str) -> dict[str, str]:
    """This process's environment; Python may keep its bytecode, as it does where Tarmac is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more


@contextlib.contextmanager
def serve(manifest: Path, data_dir: Path, first_path: str) -> Iterator[tuple[int, int, float]]:
    """A running server: its process id, port, and the seconds from its start to its first answer."""
    port = free_port()
    environ = environment(APP_DATA_DIR=str(data_dir), APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="memory")
    command = [sys.executable, "-m", "tarmac_core", "serve", str(manifest), "--no-tls", "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as process:
        try:
            seconds = wait_until(lambda: answers(port, first_path), 20)
            yield process.pid, port, seconds
        finally:
            process.terminate()

"""A server as a process of ours: started, awaited, paused, killed, stopped, and its folder removed."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

# Below the range from which the kernel gives ports to clients, so that no connection takes one between look and use.
_PORTS = range(20_000, 32_000)
_READY_S = 30.0
_STOP_S = 10.0


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nothing listens now."""
    for port in random.sample(_PORTS, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port in {_PORTS}")


def need(name: str, found: object) -> None:
    """Skip without this server; fail where all of them are required."""
    if not found:
        told = f"{name} is not installed: run tests/setup.sh"
        pytest.fail(told) if os.environ.get("TARMAC_REQUIRE_SERVICES") == "1" else pytest.skip(told)


class Process:
    """One program with a folder of its own; can be started again after its end, on the same folder.

    `command` gets the folder and gives the program and its arguments; `is_ready` gets the output since the last start and
    tells whether the server can be used. A context manager: entering starts, leaving kills and removes the folder.
    """

    def __init__(self, command: Callable[[Path], Sequence[str]], is_ready: Callable[[str], bool]) -> None:
        self._command = command
        self._is_ready = is_ready
        self.folder = Path(tempfile.mkdtemp(prefix="tarmac-service-"))
        self._output = self.folder / "output.log"
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The running process."""
        if self._running is None:
            raise RuntimeError("the server is not running")
        return self._running.pid

    def start(self) -> None:
        """Start, and wait until ready. Raises RuntimeError with the output if that does not happen."""
        command = self._command(self.folder)
        need(command[0], shutil.which(command[0]))
        with self._output.open("wb") as output:
            self._running = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        end = time.monotonic() + _READY_S
        while not self._is_ready(self.output()):
            if self._running.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self._running.args!r} is not ready: {self.output()[-2000:]}")
            time.sleep(0.01)

    def output(self) -> str:
        """What it printed since its start."""
        return self._output.read_text(errors="replace")

    def pause(self) -> None:
        """Hang: connections stay open, nothing is answered. Returns once every thread has stopped, which they do one by one."""
        self._signal(signal.SIGSTOP)
        end = time.monotonic() + _STOP_S
        while set(self._states()) - {"T"}:
            if time.monotonic() > end:
                raise RuntimeError("the server does not stop")
            time.sleep(0.001)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End at once, as in a crash."""
        self._signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """End as the server wishes to; killed if that takes long."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)
        try:
            self._reap()
        except subprocess.TimeoutExpired:
            self.kill()

    def close(self) -> None:
        """End if it runs, and remove the folder."""
        if self._running is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _states(self) -> Iterator[str]:
        """What each thread does, a letter of proc(5)."""
        for path in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):
                yield path.read_text(errors="replace").rpartition(")")[2].split()[0]

    def _signal(self, number: int) -> None:
        if self._running is None:
            raise RuntimeError("the server is not running")
        self._running.send_signal(number)

    def _reap(self) -> None:
        if self._running is not None:
            self._running.wait(_STOP_S)
            self._running = None

"""What receives metrics: Prometheus, which scrapes one target, and Etsy's StatsD."""

import json
import shutil
import socket
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.process import Process, free_port, need

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".cache" / "services" / "prometheus"
STATSD = Path(__file__).with_name("statsd") / "node_modules" / "statsd" / "stats.js"


def until(check: Callable[[], Any], limit_s: float = 20.0) -> Any:
    """Return the first true answer of `check`; AssertionError when there is none in time."""
    end = time.monotonic() + limit_s
    while not (found := check()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


class Prometheus(Process):
    """A Prometheus that scrapes `127.0.0.1:target_port` every second."""

    def __init__(self, target_port: int) -> None:
        program = PROGRAM if PROGRAM.exists() else shutil.which("prometheus")
        need("prometheus", program)
        self.port = free_port()
        scrape = {"job_name": "tarmac", "static_configs": [{"targets": [f"127.0.0.1:{target_port}"]}]}
        settings = json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]})

        def command(folder: Path) -> list[str]:
            (folder / "prometheus.yml").write_text(settings)
            return [
                str(program),
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ]

        super().__init__(command, lambda output: "Server is ready" in output)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What an instant query finds: `metric` and `value` each."""
        return list(self.ask("query", query=expression)["result"])

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]


class Statsd(Process):
    """A StatsD that takes datagrams or, with `protocol="tcp"`, connections, and keeps what it got until it ends."""

    def __init__(self, protocol: str = "udp") -> None:
        node = shutil.which("node")
        need("statsd", node and STATSD.exists())
        self.port, self._admin = free_port(), free_port()
        settings = {
            "address": "127.0.0.1",
            "port": self.port,
            "mgmt_address": "127.0.0.1",
            "mgmt_port": self._admin,
            "server": f"./servers/{protocol}",
            "flushInterval": 3_600_000,
            "backends": ["./backends/console"],
        }

        def command(folder: Path) -> list[str]:
            (folder / "statsd.js").write_text(json.dumps(settings))
            return [str(node), str(STATSD), str(folder / "statsd.js")]

        super().__init__(command, lambda _: self._is_up())

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def read(self, kind: str) -> str:
        """What it holds of `counters`, `gauges` or `timers`, as it shows them: a literal of JavaScript."""
        return self._tell(kind)

    def _is_up(self) -> bool:
        try:
            return "up" in self._tell("health")
        except OSError:
            return False

    def _tell(self, command: str) -> str:
        with socket.create_connection(("127.0.0.1", self._admin), timeout=10) as connection:
            connection.sendall(command.encode() + b"\n")
            told = b""
            while not told.endswith(b"END\n\n") and b"health:" not in told:
                if not (news := connection.recv(65_536)):
                    break
                told += news
        return told.decode()

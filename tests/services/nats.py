"""NATS servers with JetStream."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.services.process import Process, free_port

_BUILT = Path(__file__).resolve().parents[2] / ".cache" / "services" / "nats-server"

DEBIAN = "nats-server"
"""An old one, on the PATH: it keeps buckets, but knows no time to live of single keys."""

NEW = str(_BUILT)
"""The one that `install_nats` builds."""


class NatsServer(Process):
    """One server whose streams outlive it in its folder.

    `lines` are more lines of its configuration, `jetstream` lines of the block of that name, `store` where the streams are;
    `program` is `NEW` or `DEBIAN`.
    """

    def __init__(
        self, *lines: str, jetstream: str = "", store: Path | None = None, program: str = NEW, scheme: str = "nats"
    ) -> None:
        self.port, self._monitor = free_port(), free_port()
        self._scheme = scheme

        def command(folder: Path) -> list[str]:
            block = f'jetstream {{ store_dir: "{store or folder}"\n{jetstream} }}'
            listen = [f'listen: "127.0.0.1:{self.port}"', f'http: "127.0.0.1:{self._monitor}"']
            (folder / "nats.conf").write_text("\n".join([*listen, block, *lines]) + "\n")
            return [program, "-c", str(folder / "nats.conf")]

        super().__init__(command, lambda output: "Server is ready" in output)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def is_well(self) -> bool:
        """Whether it says so itself: in touch with a leader, and all of its streams up to date."""
        try:
            return bool(self.ask("healthz")["status"] == "ok")
        except urllib.error.HTTPError as error:
            error.close()
            return False

    def ask(self, path: str) -> Any:
        """An answer of its monitoring port, such as `connz`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._monitor}/{path}", timeout=10) as answer:
            return json.load(answer)

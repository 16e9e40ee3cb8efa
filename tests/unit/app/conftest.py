"""Folders and options for Apps in this process."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tarmac_core.app import Options
from tests.distributions import site
from tests.unit.dispatch.guests import ECHO, RELAY

__all__ = ["Home", "home", "site"]


@dataclass
class Home:
    """A folder with small modules; `options` are those of a server that starts in it."""

    folder: Path
    log: io.StringIO = field(default_factory=io.StringIO)

    def manifest(self, functions: Mapping[str, Any], routes: list[dict[str, Any]] | None = None) -> Path:
        """Write tarmac.json; functions name `echo`, `relay` or are tables."""
        described = {
            n: {"filepath": f"{said}.wasm"} if isinstance(said, str) else said for n, said in functions.items()
        }
        if routes is None:
            routes = [{"type": "http", "path": f"/{name}", "methods": ["POST"], "function": name} for name in functions]
        content = {"services": {"test": {"name": "test", "functions": described, "routes": routes}}}
        path = self.folder / "tarmac.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def options(self, target: str | None = "tarmac.json", /, **environ: str) -> Options:
        """Options with these variables, on a free port, without TLS."""
        return Options(
            target=Path(target) if target else None,
            settings={"listen_addr": "127.0.0.1:0", "enable_tls": False},
            environ={f"APP_{name.upper()}": value for name, value in environ.items()},
            cwd=self.folder,
        )

    @property
    def logged(self) -> list[dict[str, Any]]:
        """All log lines so far."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with `echo.wasm`, `relay.wasm` and a manifest that has both."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "echo.wasm").write_bytes(ECHO)
    (folder / "relay.wasm").write_bytes(RELAY)
    made = Home(folder)
    made.manifest({"echo": "echo", "relay": "relay"})
    return made

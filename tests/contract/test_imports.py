"""What an import costs and starts: entry modules load no driver, no module of the core starts or opens anything."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE_ROOMS_ABOVE_THE_CONTRACT = ("app", "cli", "config", "dispatch", "http", "registry", "testing", "wapc")

LOADED = """
import json, sys
import tarmac_core.plugin
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""

STARTED = """
import asyncio, importlib, json, os, pkgutil, signal, socket, sys, threading

opened = []
def watch(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":
        opened.append(event)
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        opened.append(f"open {{arguments[0]}}")
    elif event in ("subprocess.Popen", "os.mkdir", "os.fork", "_thread.start_new_thread"):
        opened.append(event)

handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
environment = dict(os.environ)
before = len(os.listdir("/proc/self/fd"))
sys.dont_write_bytecode = True
sys.addaudithook(watch)
import {modules}
print(json.dumps({{
    "opened": opened,
    "threads": threading.active_count() - 1,
    "files": len(os.listdir("/proc/self/fd")) - before,
    "signals": (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) != handlers,
    "environment": dict(os.environ) != environment,
    "loop": asyncio._get_running_loop() is not None,
}}))
"""


def entry_modules() -> Iterator[tuple[str, str]]:
    for project in sorted(ROOT.glob("plugins/tarmac-*/pyproject.toml")):
        entry_points = tomllib.loads(project.read_text())["project"]["entry-points"]["tarmac.plugins"]
        for value in sorted({value.partition(":")[0] for value in entry_points.values()}):
            yield project.parent.name, value


def core_rooms() -> dict[str, list[str]]:
    """Every module of the core, by its room."""
    rooms: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tarmac_core").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "_template" not in parts and parts[-1] != "__main__":
            rooms.setdefault(parts[1], []).append(".".join(parts).removesuffix(".__init__"))
    return rooms


def _told(code: str) -> object:
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize(("distribution", "module"), list(entry_modules()))
def test_an_entry_module_loads_nothing_but_the_contract_and_the_standard_library(
    distribution: str, module: str
) -> None:
    loaded = _told(LOADED.format(module=module))
    assert isinstance(loaded, list)
    packages = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    own = {distribution.replace("-", "_"), "tarmac_kv", "tarmac_sql"}
    assert packages - own - {"tarmac_core", "_cython"} == set()
    rooms = {f"tarmac_core.{room}" for room in CORE_ROOMS_ABOVE_THE_CONTRACT}
    assert not [name for name in loaded if name.startswith(tuple(rooms))]


@pytest.mark.parametrize(
    "modules", [*core_rooms().values(), *([module] for _, module in entry_modules())], ids=" ".join
)
def test_importing_a_module_starts_and_opens_nothing(modules: list[str]) -> None:
    told = _told(STARTED.format(modules=", ".join(modules)))
    nothing = {"opened": [], "threads": 0, "files": 0, "signals": False, "environment": False, "loop": False}
    assert told == nothing


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("threading.Thread(target=threading.Event().wait, daemon=True).start()", {"threads": 1}),
        ("kept = socket.socket()", {"files": 1}),
        ("pathlib.Path('made').write_text('')", {"opened": ["open made"]}),
        ("os.environ['MADE'] = '1'", {"environment": True}),
        ("signal.signal(signal.SIGTERM, lambda *_: None)", {"signals": True}),
    ],
)
def test_a_module_that_starts_something_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: dict[str, object]
) -> None:
    (tmp_path / "starter.py").write_text(f"import os, pathlib, signal, socket, threading\n{source}\n")
    monkeypatch.chdir(tmp_path)
    told = _told(STARTED.format(modules="starter"))
    assert isinstance(told, dict)
    assert said.items() <= told.items()

"""Distributions as pip leaves them on disk: a folder with modules and a `.dist-info`, found by the real machinery."""

import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest


class Site:
    """A folder on `sys.path` to which a test adds distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._modules: list[str] = []

    def add(
        self,
        distribution: str,
        entry_points: Mapping[str, str],
        *,
        version: str = "1.0",
        requires: tuple[str, ...] = ("tarmac>=0.1,<0.2",),
        modules: Mapping[str, str] | None = None,
    ) -> Path:
        """Install a distribution; `entry_points` maps names to `module:Class`, `modules` maps names to source."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"]
        lines += [f"Requires-Dist: {line}" for line in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        declared = "".join(f"{name} = {value}\n" for name, value in entry_points.items())
        (info / "entry_points.txt").write_text(f"[tarmac.plugins]\n{declared}")
        for name, source in (modules or {}).items():
            (self.folder / f"{name}.py").write_text(dedent(source))
            self._modules.append(name)
        importlib.invalidate_caches()
        return info

    def forget_modules(self) -> None:
        """Let the next test import modules of the same names again."""
        for name in self._modules:
            sys.modules.pop(name, None)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty site folder at the front of the path, with a Tarmac 0.1.0 in it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made = Site(folder)
    made.add("tarmac", {}, version="0.1.0", requires=())
    yield made
    made.forget_modules()


def plugin_source(name: str, hooks: str = "", info: str = "", before: str = "") -> str:
    """Source of a module with a plugin class `P` of this name; `hooks` are its other methods, `info` more of its info."""
    body = dedent(hooks).strip("\n").replace("\n", "\n    ")
    return f"""\
from contextlib import asynccontextmanager
import time
from tarmac_core.plugin import *
{dedent(before)}

class P:
    @hookimpl
    def tarmac_plugin_info(self):
        return PluginInfo(name={name!r}, {info})

    {body}
"""


def backend_source(name: str, capability: str = "kvstore") -> str:
    """Source of a module with a plugin class `P` that declares one backend which opens at once."""
    return plugin_source(
        f"{capability}.{name}",
        f"""
        @asynccontextmanager
        async def open(self, settings, context):
            yield {{}}

        @hookimpl
        def tarmac_backends(self, settings):
            return [BackendSpec({capability!r}, {name!r}, self.open)]
        """,
    )

"""What every compiler offers: find, install, build."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class BuildError(Exception):
    """A compiler or an installation failed; the text holds what it printed."""


@dataclass(frozen=True, slots=True)
class Source:
    """One guest's sources: the folder to build in, its entry there, and the options of its own."""

    folder: Path
    entry: str
    options: tuple[str, ...] = ()


class Toolchain(Protocol):
    """One language's compiler."""

    name: str
    # Part of the hash over a guest's sources: other options are another build.
    flags: tuple[str, ...]

    def version(self) -> str | None:
        """What would build now, such as `go 1.27.3`; None without a compiler here."""

    def remedy(self) -> str:
        """What to install, in words."""

    def install(self) -> None:
        """Fetch the pinned version into the cache folder; nothing to do if it is there. Raises BuildError."""

    def sources(self, source: Source) -> list[Path]:
        """Every file that the guest is made of."""

    def build(self, source: Source, output: Path) -> None:
        """Compile to `output`. Raises BuildError."""


def run(command: list[str | Path], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command and return what it printed; its failure is a BuildError with all of its output."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, command))}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def pip_install(requirement: str, target: Path) -> None:
    """Install one package from the Python registry into a folder, whole or not at all; with pip or, without it, uv."""
    installer = next((known for known in (["pip"], ["uv", "pip"]) if _has_module(known[0])), None)
    if installer is None:
        raise BuildError(f"neither pip nor uv is in {sys.executable}, so {requirement} cannot be installed")
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    run([sys.executable, "-m", *installer, "install", "--no-deps", "--quiet", "--target", partial, requirement])
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def _has_module(name: str) -> bool:
    probe = [sys.executable, "-c", f"import {name}"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0

"""Run benchmarks by name, or all; print every figure beside its target. Exit code 1 when one was missed."""

import importlib
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure

HERE = Path(__file__).parent


def machine() -> str:
    """The machine in one line, for the head of a report."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, Linux {platform.release()}"


def run(names: list[str]) -> Iterator[Figure]:
    """Run each benchmark in turn and print its figures as they come."""
    for name in names:
        print(f"\n{name}", flush=True)
        for figure in importlib.import_module(f"benchmarks.bench_{name}").figures():
            print(f"  {figure}", flush=True)
            yield figure


def main() -> int:
    """Return 0 when every figure is met."""
    print(machine())
    names = sys.argv[1:] or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    missed = [figure for figure in run(names) if not figure.is_met]
    print(f"\n{len(missed)} missed" if missed else "\nall met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

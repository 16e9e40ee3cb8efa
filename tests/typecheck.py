"""Run mypy over the core, then over each plugin: one run each, since every plugin has a `tests` folder of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Return 0 when every run is clean; all runs are made, so that all errors are shown."""
    plugins = [*sorted((ROOT / "plugins").glob("tarmac-*")), ROOT / "plugins" / "_template"]
    targets = [["tarmac_core"], ["--explicit-package-bases", "tests", "benchmarks", "--exclude", "^tests/guests/"]]
    targets += [["examples/airport"]]
    targets += [[str(path)] for path in plugins]
    runs = [subprocess.run([sys.executable, "-m", "mypy", *target], cwd=ROOT, check=False) for target in targets]
    return int(any(run.returncode for run in runs))


if __name__ == "__main__":
    sys.exit(main())

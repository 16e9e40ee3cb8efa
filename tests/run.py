"""Everything that `make test` does: set up, try each other supported Python, then run all tests on this one.

Pythons of 3.11 to 3.13 that are not here are named in the summary of the last run. The process becomes pytest, so its
summary is the last thing printed and its exit code is ours.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ("3.11", "3.12", "3.13")
REQUIRE = os.environ.get("TARMAC_REQUIRE_SERVICES") == "1"


def set_up() -> None:
    """Install the guests' toolchains and what is built with them; a laptop goes on without, CI does not."""
    subprocess.run([sys.executable, ROOT / "tests" / "guests" / "build.py", "--install-toolchains"], check=REQUIRE)
    subprocess.run([sys.executable, "-m", "tests.services.install_nats"], cwd=ROOT, check=REQUIRE)


def on_other_pythons() -> dict[str, str]:
    """Run unit and contract tests on each other supported Python; return how each ended."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {version: _on(version) for version in SUPPORTED if version != own}


def _on(version: str) -> str:
    python = find_python(version)
    if python is None:
        return "not on this machine"
    env = f"py{version.replace('.', '')}"
    # tox looks along the PATH, where a version manager's stand-in may hide the real one
    environ = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run([sys.executable, "-m", "tox", "run", "-q", "-e", env], cwd=ROOT, env=environ, check=False)
    return "passed" if run.returncode == 0 else f"FAILED (tox -e {env})"


def find_python(version: str) -> Path | None:
    """An interpreter of that version: on the PATH, or where pyenv or uv keep theirs."""
    home = Path.home()
    on_path = shutil.which(f"python{version}")
    kept = [
        *Path(os.environ.get("PYENV_ROOT", home / ".pyenv")).glob(f"versions/{version}.*/bin/python{version}"),
        *home.glob(f".local/share/uv/python/cpython-{version}.*/bin/python{version}"),
    ]
    return next((path for path in [*map(Path, filter(None, [on_path])), *sorted(kept)] if _is(path, version)), None)


def _is(python: Path, version: str) -> bool:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([python, "-c", script], check=False, capture_output=True, text=True)
    return run.stdout.strip() == version


def main() -> None:
    """Set up, run, and hand over to pytest; a failure on another Python fails the whole."""
    set_up()
    others = on_other_pythons()
    os.environ["TARMAC_OTHER_PYTHONS"] = "; ".join(f"Python {name}: {how}" for name, how in others.items())
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])


if __name__ == "__main__":
    main()

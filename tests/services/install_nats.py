"""Build the newer NATS server of the tests with the Go of the guests: `python -m tests.services.install_nats`.

Debian's, which `tests/setup.sh` installs, is too old for a time to live of single keys. Nothing to do if it is there.
"""

import subprocess
import sys
from pathlib import Path

from tests.guests.builder.go import Go

VERSION = "2.15.2"
FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "services"


def main() -> int:
    """Return 0 when the server is there."""
    if _is_there(FOLDER / "nats-server"):
        return 0
    go = Go().command()
    if go is None:
        sys.stderr.write(f"nats-server {VERSION} cannot be built: {Go().remedy()}\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    source = f"github.com/nats-io/nats-server/v2@v{VERSION}"
    return subprocess.run(["env", f"GOBIN={FOLDER}", go, "install", source], check=False).returncode


def _is_there(program: Path) -> bool:
    if not program.exists():
        return False
    told = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    return f"v{VERSION}" in told.stdout


if __name__ == "__main__":
    sys.exit(main())

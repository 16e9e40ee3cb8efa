"""Install the core and plugins of this repository into the running Python, editable: all, or those named."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(names: list[str]) -> None:
    """`names` are distributions without the prefix `tarmac-`, each with the plugins it needs of this repository."""
    projects = [ROOT / "plugins" / f"tarmac-{name}" for name in names] or sorted((ROOT / "plugins").glob("tarmac-*"))
    wanted = [part for path in projects for part in ("-e", str(path))]
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    subprocess.run([*install, "-c", ROOT / "constraints.txt", "-e", f"{ROOT}[testing]", *wanted], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])

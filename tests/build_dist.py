"""Build the wheel and the sdist of the core and of every plugin: `python tests/build_dist.py FOLDER`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build_all(folder: Path) -> list[Path]:
    """Build everything into `folder` with the running Python; raises CalledProcessError when one build fails."""
    for project in [ROOT, *sorted((ROOT / "plugins").glob("tarmac-*"))]:
        subprocess.run(
            [sys.executable, "-m", "uv", "build", "--quiet", "--python", sys.executable, "--out-dir", folder, project],
            check=True,
        )
    return sorted(folder.glob("*.whl"))


if __name__ == "__main__":
    for wheel in build_all(Path(sys.argv[1]).resolve()):
        print(wheel.name)  # noqa: T201

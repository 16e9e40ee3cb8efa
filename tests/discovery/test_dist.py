"""The built distributions, installed where nothing of this repository is on the path."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def uv(*args: object) -> None:
    subprocess.run([sys.executable, "-m", "uv", *map(str, args)], check=True)


def new_environment(folder: Path, wheels: Path, *requirements: str) -> Path:
    """An empty environment with `requirements`, ours taken from `wheels` alone; returns its `bin` folder."""
    uv("venv", "--quiet", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    uv(
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "-c",
        ROOT / "constraints.txt",
        "--find-links",
        wheels,
        *requirements,
    )
    return folder / "bin"


def installed_plugins(bin_folder: Path) -> set[str]:
    command: list[str | Path] = [bin_folder / "tarmac", "plugins", "list", "--json"]
    out = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout
    return {row["name"] for row in json.loads(out)}


def test_the_core_is_one_wheel_for_every_python_from_3_11(wheels: Path) -> None:
    (wheel,) = wheels.glob("tarmac-*.whl")
    assert "-cp311-abi3-linux_" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "tarmac_core/wapc/_fiber.abi3.so" in names
    assert "tarmac_core/py.typed" in names
    assert not any(name.startswith(("tests/", "benchmarks/", "plugins/")) for name in names)


def test_every_distribution_has_a_wheel_and_an_sdist(wheels: Path) -> None:
    projects = {"tarmac", *(path.name for path in (ROOT / "plugins").glob("tarmac-*"))}
    assert {path.name.split("-")[0].replace("_", "-") for path in wheels.glob("*.whl")} == projects
    assert {path.name.rpartition("-")[0].replace("_", "-") for path in wheels.glob("*.tar.gz")} == projects


def test_the_core_can_be_built_again_from_its_sdist(wheels: Path, tmp_path: Path) -> None:
    (sdist,) = wheels.glob("tarmac-*.tar.gz")
    uv("build", "--quiet", "--python", sys.executable, "--wheel", "--out-dir", tmp_path, sdist)
    (again,) = tmp_path.glob("*.whl")
    (first,) = wheels.glob("tarmac-*.whl")
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(again) as other:
        assert set(one.namelist()) == set(other.namelist())


def test_standard_installs_from_the_wheels_alone_and_runs_the_main_job(wheels: Path, tmp_path: Path) -> None:
    bin_folder = new_environment(tmp_path / "env", wheels, "tarmac[standard]")
    found = installed_plugins(bin_folder)
    assert {"logger", "function", "kvstore", "kvstore.memory", "kvstore.lmdb", "init", "schedule"} <= found
    environ = {
        "APP_ENABLE_KVSTORE": "true",
        "APP_DATA_DIR": str(tmp_path / "data"),
        "APP_WASM_FUNCTION_CONFIG": str(ROOT / "examples" / "tac" / "tarmac.json"),
    }
    command: list[str | Path] = [bin_folder / "tarmac", "invoke", "tac", "--data", "Tarmac Example"]
    for _ in range(2):
        run = subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, env=environ, timeout=60)
        assert run.stdout.strip() == b"elpmaxE camraT"


@pytest.mark.parametrize(
    ("distribution", "names"), [("tarmac-kv-memory", {"kvstore", "kvstore.memory", "kvstore.in-memory"})]
)
def test_one_plugin_installs_alone(wheels: Path, tmp_path: Path, distribution: str, names: set[str]) -> None:
    assert installed_plugins(new_environment(tmp_path / "env", wheels, distribution)) == names

"""`tarmac plugins new`, from the installed wheel to a store that configuration selects, outside this repository."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.discovery.test_dist import ROOT, new_environment, uv


def _build(project: Path, folder: Path) -> Path:
    command: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with the core, the capability and what tests need, from wheels alone."""
    folder = tmp_path_factory.mktemp("env")
    return new_environment(folder / "env", wheels, "tarmac[testing]", "tarmac-kv[testing]")


@pytest.fixture(scope="module")
def started(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A distribution that `tarmac plugins new` made, built and installed there."""
    folder = tmp_path_factory.mktemp("outside")
    subprocess.run([environment / "tarmac", "plugins", "new", "my-shed"], cwd=folder, check=True, capture_output=True)
    project = folder / "tarmac-kv-my-shed"
    wheel = _build(project, folder / "dist")
    uv("pip", "install", "--quiet", "--offline", "--python", environment / "python", wheel)
    return project


def test_what_new_makes_passes_its_tests_from_its_wheel_in_a_clean_environment(
    environment: Path, started: Path
) -> None:
    run = subprocess.run(
        [environment / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=started,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "68 passed" in run.stdout


def test_what_new_makes_is_listed_and_passes_the_check(environment: Path, started: Path) -> None:
    listed = subprocess.run(
        [environment / "tarmac", "plugins", "list", "--json"], cwd=started, check=True, capture_output=True, text=True
    )
    assert {"kvstore", "kvstore.my-shed"} == {row["name"] for row in json.loads(listed.stdout)}
    check: list[str | Path] = [environment / "tarmac", "plugins", "check", "kvstore.my-shed", "--json"]
    found = json.loads(subprocess.run(check, cwd=started, check=True, capture_output=True, text=True).stdout)
    assert found["problems"] == []
    (row,) = found["plugins"]
    assert row["keys"] == ["my_shed_folder"]


def test_what_new_makes_is_selected_by_configuration_alone(environment: Path, started: Path, tmp_path: Path) -> None:
    variables = {
        "APP_ENABLE_KVSTORE": "true",
        "APP_KVSTORE_TYPE": "my-shed",
        "APP_DATA_DIR": str(tmp_path / "data"),
        "APP_WASM_FUNCTION_CONFIG": str(ROOT / "examples" / "tac" / "tarmac.json"),
    }
    command: list[str | Path] = [environment / "tarmac", "invoke", "tac", "--data", "Tarmac Example"]
    for _ in range(2):
        run = subprocess.run(command, cwd=tmp_path, env=variables, check=True, capture_output=True, timeout=60)
        assert run.stdout.strip() == b"elpmaxE camraT"
    assert list((tmp_path / "data" / "my-shed").glob("*.kv"))


def test_the_store_to_start_from_is_a_distribution_that_builds_as_it_is(tmp_path: Path) -> None:
    wheel = _build(ROOT / "plugins" / "_template", tmp_path)
    assert wheel.name == "tarmac_kv_template-0.1.0-py3-none-any.whl"


def test_the_store_to_start_from_has_under_60_lines_of_code() -> None:
    lines = [
        line
        for path in (ROOT / "plugins" / "_template" / "src").rglob("*.py")
        for line in _without_docstrings(path.read_text()).splitlines()
        if line.strip() and not line.strip().startswith("#")
    ]
    assert 30 < len(lines) < 60


def _without_docstrings(source: str) -> str:
    parts = source.split('"""')
    return "".join(parts[::2])

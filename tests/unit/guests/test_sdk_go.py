"""The Go SDK passes its own tests, which need no host, and the code on its page compiles."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.guests.builder.go import Go
from tests.guests.builder.paths import SDK_GO

REQUIRED = os.environ.get("TARMAC_REQUIRE_SERVICES") == "1"


ROOT_PACKAGE = "github.com/tarmac-project/tarmac-python/sdk/go"
PACKAGES = ("exchange", "function", "hostmock", "httpclient", "kv", "logging", "metrics", "sql")
STANDARD = ("bytes", "errors", "strconv", "testing", "time")
MODULE = f"module block\n\ngo 1.24\n\nrequire {ROOT_PACKAGE} v0.0.0\n\nreplace {ROOT_PACKAGE} => {SDK_GO}\n"


def go_blocks(page: Path) -> list[str]:
    return re.findall(r"^```go\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def packaged(block: str) -> str:
    """A block of functions as a file, with the imports that it uses."""
    paths = {name: name for name in STANDARD} | {name: f"{ROOT_PACKAGE}/{name}" for name in PACKAGES}
    paths["tarmac"] = ROOT_PACKAGE
    used = [f'import {name} "{path}"\n' for name, path in paths.items() if re.search(rf"\b{name}\.", block)]
    return "package block\n\n" + "".join(used) + "\n" + block


def go(*arguments: str, folder: Path = SDK_GO) -> subprocess.CompletedProcess[str]:
    compiler = Go()
    command = compiler.command()
    if command is None:
        assert not REQUIRED, f"needed here: {compiler.remedy()}"
        pytest.skip(f"no compiler: {compiler.remedy()}")
    environment = {**os.environ, **compiler.environment()}
    return subprocess.run(
        [command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_sdks_tests_pass_without_a_host() -> None:
    done = go("test", "./...")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok  \tgithub.com/tarmac-project/tarmac-python/sdk/go/kv" in done.stdout


def test_the_sdk_has_no_findings_of_vet() -> None:
    done = go("vet", "./...")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("block", go_blocks(SDK_GO / "README.md"), ids=lambda block: block.split("\n")[0])
def test_the_code_of_the_readme_compiles(block: str, tmp_path: Path) -> None:
    (tmp_path / ("block_test.go" if "testing.T" in block else "block.go")).write_text(
        block if block.startswith("package ") else packaged(block)
    )
    (tmp_path / "go.mod").write_text(MODULE)
    done = go("vet", ".", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")

"""The Go SDK passes its own tests, which need no host."""

import os
import subprocess

import pytest

from tests.guests.builder.go import Go
from tests.guests.builder.paths import SDK_GO

REQUIRED = os.environ.get("TARMAC_REQUIRE_SERVICES") == "1"


def go(*arguments: str) -> subprocess.CompletedProcess[str]:
    compiler = Go()
    command = compiler.command()
    if command is None:
        assert not REQUIRED, f"needed here: {compiler.remedy()}"
        pytest.skip(f"no compiler: {compiler.remedy()}")
    environment = {**os.environ, **compiler.environment()}
    return subprocess.run(
        [command, *arguments], cwd=SDK_GO, env=environment, capture_output=True, text=True, check=False
    )


def test_the_sdks_tests_pass_without_a_host() -> None:
    done = go("test", "./...")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok  \tgithub.com/tarmac-project/tarmac-python/sdk/go/kv" in done.stdout


def test_the_sdk_has_no_findings_of_vet() -> None:
    done = go("vet", "./...")
    assert (done.returncode, done.stderr) == (0, "")

"""The commands as an operator types them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tarmac_core.cli import main
from tarmac_core.cli.main import COMMANDS
from tests.unit.dispatch.guests import ECHO, SAYS_NO, TRAPS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a manifest of an echo and a function that says no."""
    monkeypatch.chdir(tmp_path)
    for name, wasm in {"echo": ECHO, "no": SAYS_NO, "trap": TRAPS}.items():
        (tmp_path / f"{name}.wasm").write_bytes(wasm)
    functions = {name: {"filepath": f"{name}.wasm"} for name in ("echo", "no", "trap")}
    functions["echo"]["grants"] = {}  # type: ignore[assignment]
    (tmp_path / "tarmac.json").write_text(json.dumps({"services": {"s": {"name": "s", "functions": functions}}}))
    return tmp_path


def tarmac(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "tarmac_core", *arguments], input=stdin, capture_output=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    answer = CliRunner().invoke(main, [command, "--help"])
    assert (answer.exit_code, answer.output.startswith("Usage: ")) == (0, True)


def test_help_names_every_command_and_imports_nothing_big() -> None:
    code = "import sys; from tarmac_core.cli import main; main(['--help'], standalone_mode=False);"
    code += "print([n for n in ('pydantic', 'wasmtime', 'tornado', 'pluggy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_word_that_is_no_command_and_no_file_is_an_error() -> None:
    answer = CliRunner().invoke(main, ["sevre"])
    assert answer.exit_code == 2
    assert "No such command" in answer.output


def test_invoke_prints_the_bytes_of_the_answer_and_logs_elsewhere(folder: Path) -> None:
    done = tarmac("invoke", "echo", "--data", "hällo", "--manifest", "tarmac.json")
    assert (done.returncode, done.stdout) == (0, "hällo".encode())
    assert b'"msg":"Starting Tarmac"' in done.stderr


def test_invoke_takes_a_file_or_standard_input(folder: Path) -> None:
    (folder / "payload").write_bytes(b"\x00\xff")
    assert tarmac("invoke", "echo", "--file", "payload", "--manifest", "tarmac.json").stdout == b"\x00\xff"
    assert tarmac("invoke", "echo", "--file", "-", "--manifest", "tarmac.json", stdin=b"in").stdout == b"in"
    assert tarmac("invoke", "default", "--data", "alone", "--manifest", "echo.wasm").stdout == b"alone"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("no",), 1, "failed to execute wasm module - out of coffee"),
        (("trap",), 1, "the function ended abnormally"),
        (("nobody",), 1, "there is no function 'nobody'; the manifest has: echo, no, trap"),
        (("echo", "--data", "a", "--file", "b"), 2, "not both"),
        (("echo", "--file", "nowhere"), 1, "nowhere cannot be read"),
    ],
)
def test_invoke_tells_what_fails(folder: Path, arguments: tuple[str, ...], code: int, word: str) -> None:
    done = tarmac("invoke", *arguments, "--manifest", "tarmac.json")
    assert done.returncode == code
    assert word in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_check_lists_functions_without_grants(folder: Path) -> None:
    done = tarmac("check", "tarmac.json", "--no-tls")
    assert done.returncode == 0
    assert "without grants, so they may use all that is enabled: no, trap\n" in done.stdout.decode()


def test_check_compiles_modules_and_reports_in_json(folder: Path) -> None:
    (folder / "trap.wasm").write_bytes(b"no module")
    done = tarmac("check", "tarmac.json", "--no-tls", "--json")
    assert done.returncode == 2
    found = json.loads(done.stdout)
    assert [problem["where"] for problem in found["problems"]] == [f"function trap ({folder / 'trap.wasm'})"]
    assert found["functions"] == ["echo", "no", "trap"]
    assert found["functions_without_grants"] == ["no", "trap"]


def test_check_opens_no_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENABLE_KVSTORE", "true")
    assert tarmac("check", "tarmac.json", "--no-tls").returncode == 0
    assert not list(folder.glob("data/*.db"))

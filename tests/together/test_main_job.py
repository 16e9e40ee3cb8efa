"""What the project is for: a Go function caches and reverses text over HTTP."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.together.server import ROOT, listening


@pytest.fixture
def tac(tmp_path: Path) -> Path:
    """A copy of the example."""
    return shutil.copytree(ROOT / "examples" / "tac", tmp_path / "tac")


def test_text_is_reversed_and_the_second_answer_comes_from_the_store(tac: Path) -> None:
    with listening(tac, "tarmac.json", APP_ENABLE_KVSTORE="true") as server:
        for _ in range(2):
            answer = server.ask("Tarmac Example")
            assert (answer.code, answer.body) == (200, b"elpmaxE camraT")
            assert answer.headers["Server"] == "tarmac"
        assert server.stop() == 0
    told = [line["msg"] for line in server.logged if line.get("function") == "tac" and "cache" in line["msg"]]
    assert told == ["cache miss", "cache hit"]


def test_what_was_acknowledged_is_there_after_kill_9(tac: Path) -> None:
    with listening(tac, "tarmac.json", APP_ENABLE_KVSTORE="true") as server:
        assert server.ask("Tarmac Example").body == b"elpmaxE camraT"
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    with listening(tac, "tarmac.json", APP_ENABLE_KVSTORE="true") as server:
        assert server.ask("Tarmac Example").body == b"elpmaxE camraT"
        assert server.stop() == 0
    assert [line["msg"] for line in server.logged if "cache" in line["msg"]] == ["cache hit"]


def test_without_a_store_the_guest_hears_that_there_is_no_callback(tac: Path) -> None:
    with listening(tac, "tarmac.json") as server:
        answer = server.ask("Tarmac Example")
        assert answer.code == 500
        assert b"failed to execute wasm module - " in answer.body
        assert b"callback not found" in answer.body

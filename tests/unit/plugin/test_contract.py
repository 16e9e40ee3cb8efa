import subprocess
import sys

import pytest

from tarmac_core.plugin import HostCallError, InvocationError, PluginInfo, Problem


@pytest.mark.parametrize(
    ("name", "given", "prefix"),
    [
        ("logger", "", "logger"),
        ("kvstore.redis", "", "redis"),
        ("kvstore.in-memory", "", "in_memory"),
        ("a.b", "c", "c"),
    ],
)
def test_the_settings_prefix_is_the_last_part_of_the_name(name: str, given: str, prefix: str) -> None:
    assert PluginInfo(name, settings_prefix=given).prefix == prefix


def test_a_problem_says_where_what_and_what_to_do() -> None:
    assert str(Problem("APP_X", "is not a bool", "use true or false")) == "APP_X: is not a bool (use true or false)"
    assert str(Problem("", "nothing to serve")) == "nothing to serve"


def test_errors_read_as_their_message() -> None:
    assert str(HostCallError(404, "no such key")) == "no such key"
    assert str(InvocationError("busy", "the queue is full")) == "the queue is full"


def test_the_contract_imports_nothing_of_the_core() -> None:
    script = "import sys, tarmac_core.plugin; print(*sorted(m for m in sys.modules if m.startswith('tarmac_core')))"
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert out
    assert all(name == "tarmac_core" or name.startswith("tarmac_core.plugin") for name in out)

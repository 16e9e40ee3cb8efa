"""What all tests share: built distributions, and the other Pythons' outcome in the summary."""

import os
from pathlib import Path

import pytest

from tests.build_dist import build_all


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist of the core and of every plugin, built once a session."""
    folder = tmp_path_factory.mktemp("dist")
    build_all(folder)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what ran on other Pythons and what is missing here."""
    for line in filter(None, os.environ.get("TARMAC_OTHER_PYTHONS", "").split("; ")):
        terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A failure on another Python fails this run too."""
    if "FAILED" in os.environ.get("TARMAC_OTHER_PYTHONS", "") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

"""The pytest plugin is in every pytest run of its environment, so it costs next to nothing there."""

import subprocess
import sys

import pytest


def test_importing_the_pytest_plugin_imports_nothing_heavy() -> None:
    listing = "import pytest, sys; before = set(sys.modules); import tarmac_core.testing.plugin; "
    listing += "print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", listing], check=True, capture_output=True, text=True)
    assert set(run.stdout.split()) <= {"tarmac_core", "tarmac_core.testing", "tarmac_core.testing.plugin"}


def test_importing_the_kit_imports_nothing_heavy_until_a_name_is_used() -> None:
    listing = "import sys, tarmac_core.testing as kit; before = 'pydantic' in sys.modules; kit.PluginHarness; "
    listing += "print(before, 'pydantic' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", listing], check=True, capture_output=True, text=True)
    assert run.stdout.split() == ["False", "True"]


def test_an_unknown_name_of_the_kit_is_an_attribute_error() -> None:
    import tarmac_core.testing as kit  # noqa: PLC0415 - the module itself is looked at

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = kit.Nothing


def test_the_fixtures_are_there_without_an_import(pytestconfig: pytest.Config, tarmac_no_leaks: None) -> None:
    assert pytestconfig.pluginmanager.has_plugin("tarmac")
    assert tarmac_no_leaks is None

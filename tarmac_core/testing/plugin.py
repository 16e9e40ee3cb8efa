"""The pytest plugin: fixtures for tests of Tarmac plugins. Loaded in every pytest run, so it imports nothing heavy."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tarmac_core.testing.harness import PluginHarness


@pytest.fixture
def tarmac_plugin(tmp_path: Path) -> "Callable[..., PluginHarness]":
    """Make a `PluginHarness`: `async with tarmac_plugin(RedisPlugin, server="127.0.0.1:6379") as plugin: ...`.

    Positional is the plugin's class, keywords are its settings by field name, as values or as text of the environment.
    Files go to the test's temporary folder.
    """
    from tarmac_core.testing.harness import PluginHarness  # noqa: PLC0415 - heavy, and this module is in every pytest run

    def make(plugin_class: type, **settings: Any) -> PluginHarness:
        return PluginHarness(plugin_class, settings, data_dir=tmp_path)

    return make


@pytest.fixture
def tarmac_no_leaks() -> Iterator[None]:
    """Fail the test if it leaves a thread, a task of the running loop or a changed environment behind."""
    from tarmac_core.testing.leaks import Leaks  # noqa: PLC0415 - as above

    leaks = Leaks.now()
    yield
    leaks.check()

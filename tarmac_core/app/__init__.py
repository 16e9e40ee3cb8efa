"""The composition root: the only room that imports every other, and the only one that knows the order of things.

In: `Options` (command line, environment, folder). Out: an `App` that serves, an exit code, or `ConfigurationError` with
everything that is wrong. Nothing here is shared between two Apps of one process.

* `options`, `selection`, `files`, `inspection`: what is configured, which plugins that means, what is wrong; opens nothing
* `sources`, `opening`, `functions`, `web`: open one kind of thing each
* `app`: the order; `changes`: what changes while it runs; `running`: signals, job mode, exit code
* `logs`, `story`: log lines and what they tell of a start; `errors`

What only looks at configuration needs no engine: `App`, `check` and `serve` are imported at first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tarmac_core.app.errors import ConfigurationError, StartError
from tarmac_core.app.inspection import Blueprint, inspect, inspect_with_sources
from tarmac_core.app.options import Options

if TYPE_CHECKING:
    from tarmac_core.app.app import App
    from tarmac_core.app.checking import check
    from tarmac_core.app.running import serve

__all__ = [
    "App",
    "Blueprint",
    "ConfigurationError",
    "Options",
    "StartError",
    "check",
    "inspect",
    "inspect_with_sources",
    "serve",
]


def __getattr__(name: str) -> Any:
    modules = {"App": "app", "check": "checking", "serve": "running"}
    if name not in modules:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{modules[name]}"), name)

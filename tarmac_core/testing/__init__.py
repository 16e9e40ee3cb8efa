"""The shipped test kit for authors of plugins and functions. May import every room; nothing imports it.

In: a plugin's class and its settings, or a module and bytes. Out: opened parts to call as a guest would, what they logged,
invoked and observed, and a failure for every task, thread or variable that they leave behind. pytest finds `plugin.py` by
its entry point; it and this module import nothing heavy, names are fetched when first used.

plugin.py   pytest fixtures
harness.py  one plugin without a server: `PluginHarness`
answers.py  calling operations in bytes, as a guest does
guests.py   real guests on the real engine: `running_guests`
records.py  what a plugin logged, invoked and observed
leaks.py    what must not be left behind
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tarmac_core.testing.answers import Answer, Capability, GuestCall
    from tarmac_core.testing.guests import Guests, running_guests
    from tarmac_core.testing.harness import PluginHarness
    from tarmac_core.testing.leaks import Leaks
    from tarmac_core.testing.records import Invoked, Records

__all__ = [
    "Answer",
    "Capability",
    "GuestCall",
    "Guests",
    "Invoked",
    "Leaks",
    "PluginHarness",
    "Records",
    "running_guests",
]

_HOMES = {
    "Answer": "answers",
    "Capability": "answers",
    "GuestCall": "answers",
    "Guests": "guests",
    "Invoked": "records",
    "Leaks": "leaks",
    "PluginHarness": "harness",
    "Records": "records",
    "running_guests": "guests",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

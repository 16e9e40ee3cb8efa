"""What can be said about each installed plugin without importing it."""

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tarmac_core.registry.catalog import Catalog
from tarmac_core.registry.installed import Installed, kind_of, mismatch

State = Literal["enabled", "installed", "disabled", "broken"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry point. `alias_of` is the name it stands for, empty for a plugin's own; `reason` says why it is broken.

    `enabled` is imported at every start; `installed` when configuration selects it; `disabled` never.
    """

    name: str
    alias_of: str
    kind: str
    distribution: str
    version: str
    state: State
    reason: str = ""


def listing(catalog: Catalog, disabled: Iterable[str]) -> list[Listed]:
    """Describe every entry point, sorted by name; `disabled` are the names in `plugins_disabled`."""
    off = frozenset(disabled)
    rows = [_listed(name, plugin, catalog, off) for plugin in catalog.plugins for name in plugin.names]
    return sorted(rows, key=lambda row: (row.name, row.distribution))


def _listed(name: str, plugin: Installed, catalog: Catalog, off: frozenset[str]) -> Listed:
    reason = _broken(name, plugin, catalog)
    state: State = "broken" if reason else "disabled" if name in off else "installed" if "." in name else "enabled"
    alias_of = "" if name == plugin.name else plugin.name
    return Listed(name, alias_of, kind_of(name), plugin.distribution, plugin.version, state, reason)


def _broken(name: str, plugin: Installed, catalog: Catalog) -> str:
    problem = mismatch(plugin, catalog.version)
    problem = problem or next((one for one in catalog.collisions if one.where == f"plugin {name}"), None)
    if problem is not None:
        return problem.what
    package = plugin.module.partition(".")[0]
    return "" if _is_there(package) else f"its module {package} is not installed"


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False

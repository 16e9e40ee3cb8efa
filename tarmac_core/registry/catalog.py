"""Everything that is installed, found without importing any of it."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tarmac_core.plugin import Problem
from tarmac_core.registry.installed import Installed, core_version, kind_of, read_installed
from tarmac_core.registry.known import KNOWN_PACKAGES


@dataclass(frozen=True, slots=True)
class Catalog:
    """Installed plugins by name, aliases included.

    `collisions` are names that two plugins claim, naming both owners; `unreadable` are distributions whose metadata
    cannot be read (warnings); `version` is the installed Tarmac's.
    """

    plugins: tuple[Installed, ...]
    version: str = ""
    collisions: tuple[Problem, ...] = ()
    unreadable: tuple[Problem, ...] = ()
    by_name: Mapping[str, Installed] = field(default_factory=dict)

    @classmethod
    def discover(cls) -> "Catalog":
        """Read the entry points of every installed distribution; imports no plugin."""
        plugins, unreadable = read_installed()
        return cls.of(plugins, version=core_version(), unreadable=tuple(unreadable))

    @classmethod
    def of(cls, plugins: list[Installed], *, version: str = "", unreadable: tuple[Problem, ...] = ()) -> "Catalog":
        """Make a catalog of what is given, in the order of names."""
        by_name: dict[str, Installed] = {}
        collisions: list[Problem] = []
        ordered = sorted(plugins, key=lambda plugin: (plugin.name, plugin.distribution))
        for plugin in ordered:
            for name in plugin.names:
                first = by_name.setdefault(name, plugin)
                if first is not plugin:
                    collisions.append(_collision(name, first, plugin))
        return cls(tuple(ordered), version, tuple(collisions), unreadable, MappingProxyType(by_name))

    def find(self, name: str) -> Installed | None:
        """The plugin with this name or alias; None when nobody has it."""
        return self.by_name.get(name)

    def capabilities(self) -> tuple[str, ...]:
        """Names without a dot: capabilities, triggers and sinks; which of these each is, only the plugin knows."""
        return tuple(sorted(name for name in self.by_name if "." not in name))

    def backends(self, capability: str) -> tuple[str, ...]:
        """Names and aliases of the backends for a capability, without its name in front (`config` for sources)."""
        return tuple(sorted(name.partition(".")[2] for name in self.by_name if name.startswith(f"{capability}.")))

    def prefixes(self) -> frozenset[str]:
        """Last parts of all names: settings keys that start with one of them belong to an installed plugin."""
        return frozenset(name.rpartition(".")[2].replace("-", "_") for name in self.by_name)

    def missing(self, name: str, *, where: str = "") -> Problem:
        """Say that `name` is not installed, what is, and what to install; `where` is the key that asked for it."""
        capability, _, backend = name.rpartition(".")
        if capability:
            here = ", ".join(self.backends(capability)) or "none"
            what = f"no {kind_of(name)} {backend!r} is installed; installed: {here}"
        else:
            what = f"no plugin {name!r} is installed; installed: {', '.join(self.capabilities()) or 'none'}"
        return Problem(where, what, self._remedy(name))

    def _remedy(self, name: str) -> str:
        if name in KNOWN_PACKAGES:
            return f"pip install {KNOWN_PACKAGES[name]}"
        near = difflib.get_close_matches(name, [*self.by_name, *KNOWN_PACKAGES], n=1)
        if not near:
            return "correct the name, or install the package that provides it"
        wanted = f"did you mean {near[0].rpartition('.')[2]}?"
        return wanted if near[0] in self.by_name else f"{wanted} pip install {KNOWN_PACKAGES[near[0]]}"


def _collision(name: str, first: Installed, second: Installed) -> Problem:
    return Problem(
        f"plugin {name}",
        f"is claimed by {first.owner} ({first.value}) and by {second.owner} ({second.value})",
        "uninstall one of the two",
    )

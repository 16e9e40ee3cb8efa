"""Give each declared name one owner, and name both where two claim it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

from tarmac_core.plugin import (
    BackendSpec,
    CapabilitySpec,
    ConfigSourceSpec,
    ObserverSpec,
    PluginSettings,
    Problem,
    RouteSpec,
    TriggerSpec,
)
from tarmac_core.registry.declare import Declarations
from tarmac_core.registry.load import Plugin

SpecT_co = TypeVar("SpecT_co", covariant=True)
T = TypeVar("T")

CORE_CLAIMS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("capability", "http"): "tarmac itself",
        ("route type", "http"): "tarmac itself",
        ("path", "GET /health"): "tarmac itself",
        ("path", "GET /ready"): "tarmac itself",
    }
)


@dataclass(frozen=True, slots=True)
class Owned(Generic[SpecT_co]):
    """One spec with the plugin that declared it, and the settings that plugin was asked with."""

    plugin: Plugin
    settings: PluginSettings
    spec: SpecT_co


class Claims:
    """Who owns which name of which kind so far; `problems` are the names that were claimed twice."""

    def __init__(self) -> None:
        self._owners = dict(CORE_CLAIMS)
        self.problems: list[Problem] = []

    def config_sources(self, plugins: Iterable[Declarations]) -> Mapping[str, Owned[ConfigSourceSpec]]:
        """Config sources by name."""
        return self._table("config source", [(_own(one, s), (s.name,)) for one in plugins for s in one.config_sources])

    def capabilities(self, plugins: Iterable[Declarations]) -> Mapping[str, Owned[CapabilitySpec]]:
        """Capabilities by name and alias."""
        named = [(_own(one, s), (s.name, *s.aliases)) for one in plugins for s in one.capabilities]
        for owned, _ in named:
            if owned.spec.route_type:
                self._claim("route type", owned.spec.route_type, owned.plugin)
        return self._table("capability", named)

    def backends(self, plugins: Iterable[Declarations]) -> Mapping[str, Owned[BackendSpec]]:
        """Backends as `capability.name`, also under the other entry points of their plugin."""
        named = [(_own(one, s), _backend_names(one, s)) for one in plugins for s in one.backends]
        return self._table("backend", named)

    def triggers(self, plugins: Iterable[Declarations]) -> Mapping[str, Owned[TriggerSpec]]:
        """Triggers by route type."""
        return self._table("route type", [(_own(one, s), (s.route_type,)) for one in plugins for s in one.triggers])

    def observers(self, plugins: Iterable[Declarations]) -> Mapping[str, Owned[ObserverSpec]]:
        """Observers by name."""
        return self._table("observer", [(_own(one, s), (s.name,)) for one in plugins for s in one.observers])

    def routes(self, plugins: Iterable[Declarations]) -> tuple[Owned[RouteSpec], ...]:
        """HTTP routes; public and admin ones share a listener by default, so a path has one owner on both together."""
        named = [(_own(one, s), (f"{s.method.upper()} {s.path}",)) for one in plugins for s in one.routes]
        return tuple(self._table("path", named).values())

    def _table(self, kind: str, named: Iterable[tuple[Owned[T], Iterable[str]]]) -> Mapping[str, Owned[T]]:
        return MappingProxyType(
            {name: owned for owned, names in named for name in names if self._claim(kind, name, owned.plugin)}
        )

    def _claim(self, kind: str, name: str, plugin: Plugin) -> bool:
        claimant = f"{plugin.name} ({plugin.owner})"
        owner = self._owners.setdefault((kind, name), claimant)
        is_free = owner is claimant
        if not is_free:
            remedy = "uninstall one of the two, or name it in plugins_disabled"
            self.problems.append(Problem(f"{kind} {name}", f"is claimed by {owner} and by {claimant}", remedy))
        return is_free


def _own(declarations: Declarations, spec: T) -> Owned[T]:
    return Owned(declarations.plugin, declarations.settings, spec)


def _backend_names(one: Declarations, spec: BackendSpec) -> tuple[str, ...]:
    """Its own name, and the plugin's other entry points for those that no other of its specs is named for."""
    name = f"{spec.capability}.{spec.name}"
    if name != one.plugin.name:
        return (name,)
    declared = {f"{other.capability}.{other.name}" for other in one.backends}
    others = (other for other in one.plugin.installed.names if other.startswith(f"{spec.capability}."))
    return (name, *(other for other in others if other not in declared))

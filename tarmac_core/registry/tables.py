"""Frozen lookup tables of everything that was declared; no name has two owners."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from tarmac_core.plugin import (
    BackendSpec,
    CapabilitySpec,
    ConfigSourceSpec,
    GrantModel,
    ObserverSpec,
    Problem,
    RouteModel,
    RouteSpec,
    TriggerSpec,
)
from tarmac_core.registry.claims import Claims, Owned
from tarmac_core.registry.declare import Declarations

T = TypeVar("T")
Table = Mapping[str, Owned[T]]


def _empty() -> Mapping[str, Owned[T]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tables:
    """Who provides what.

    Keys: a capability's names and aliases; `kvstore.redis` and its aliases for backends; the route type for triggers; the
    name for config sources and observers. The values of aliases are the same object. Order is that of declaration.
    """

    config_sources: Table[ConfigSourceSpec] = field(default_factory=_empty)
    capabilities: Table[CapabilitySpec] = field(default_factory=_empty)
    backends: Table[BackendSpec] = field(default_factory=_empty)
    triggers: Table[TriggerSpec] = field(default_factory=_empty)
    observers: Table[ObserverSpec] = field(default_factory=_empty)
    routes: tuple[Owned[RouteSpec], ...] = ()

    @classmethod
    def build(cls, declared: Iterable[Declarations]) -> tuple["Tables", list[Problem]]:
        """Put together what the plugins declared, and tell every name that two of them claim."""
        plugins = tuple(declared)
        claims = Claims()
        tables = cls(
            config_sources=claims.config_sources(plugins),
            capabilities=claims.capabilities(plugins),
            backends=claims.backends(plugins),
            triggers=claims.triggers(plugins),
            observers=claims.observers(plugins),
            routes=claims.routes(plugins),
        )
        return tables, claims.problems

    def route_models(self) -> Mapping[str, type[RouteModel]]:
        """The model of each route type that a plugin serves."""
        served = {
            one.spec.route_type: one.spec.route_model for one in self.capabilities.values() if one.spec.route_type
        }
        return served | {name: one.spec.route_model for name, one in self.triggers.items()}

    def grant_models(self) -> Mapping[str, type[GrantModel] | None]:
        """The grant model of each capability, by its name and aliases; None where `true` is the only grant."""
        return {name: one.spec.grant_model for name, one in self.capabilities.items()}

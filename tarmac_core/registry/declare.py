"""Ask one plugin what it declares, each hook guarded by itself."""

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
from tarmac_core.registry.guard import HOOK_LIMIT_S, PluginFaultError, call_within, problem_of
from tarmac_core.registry.installed import kind_of
from tarmac_core.registry.load import REMEDY, Plugin

Spec = ConfigSourceSpec | CapabilitySpec | BackendSpec | TriggerSpec | RouteSpec | ObserverSpec

SPEC_OF_HOOK: tuple[tuple[str, type[Spec]], ...] = (
    ("tarmac_config_sources", ConfigSourceSpec),
    ("tarmac_capabilities", CapabilitySpec),
    ("tarmac_backends", BackendSpec),
    ("tarmac_triggers", TriggerSpec),
    ("tarmac_routes", RouteSpec),
    ("tarmac_observers", ObserverSpec),
)


@dataclass(frozen=True, slots=True)
class Declarations:
    """All that one plugin declares, with the settings it was asked with."""

    plugin: Plugin
    settings: PluginSettings
    specs: tuple[Spec, ...] = ()

    @property
    def config_sources(self) -> tuple[ConfigSourceSpec, ...]:
        """Remote sources of settings."""
        return tuple(spec for spec in self.specs if isinstance(spec, ConfigSourceSpec))

    @property
    def capabilities(self) -> tuple[CapabilitySpec, ...]:
        """What guests can call."""
        return tuple(spec for spec in self.specs if isinstance(spec, CapabilitySpec))

    @property
    def backends(self) -> tuple[BackendSpec, ...]:
        """Stores."""
        return tuple(spec for spec in self.specs if isinstance(spec, BackendSpec))

    @property
    def triggers(self) -> tuple[TriggerSpec, ...]:
        """What calls functions by itself."""
        return tuple(spec for spec in self.specs if isinstance(spec, TriggerSpec))

    @property
    def routes(self) -> tuple[RouteSpec, ...]:
        """HTTP routes of its own."""
        return tuple(spec for spec in self.specs if isinstance(spec, RouteSpec))

    @property
    def observers(self) -> tuple[ObserverSpec, ...]:
        """Sinks for events."""
        return tuple(spec for spec in self.specs if isinstance(spec, ObserverSpec))


def declare(
    plugin: Plugin, settings: PluginSettings, *, limit_s: float = HOOK_LIMIT_S
) -> tuple[Declarations, list[Problem]]:
    """Call each declaring hook that the plugin has, with its settings; a hook that fails is a problem naming it.

    `limit_s` is the longest that one hook may take. What the other hooks declared is given all the same.
    """
    specs: list[Spec] = []
    problems: list[Problem] = []
    for hook, kind in SPEC_OF_HOOK:
        try:
            specs += _ask(plugin, hook, kind, settings, limit_s)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit from a plugin is one failed hook too
            problems.append(problem_of(error, plugin.where, hook, REMEDY))
    if not problems and (missing := _unkept_promise(plugin, specs)):
        problems.append(missing)
    return Declarations(plugin, settings, tuple(specs)), problems


def _ask(plugin: Plugin, hook: str, kind: type[Spec], settings: PluginSettings, limit_s: float) -> list[Spec]:
    if not plugin.implements(hook):
        return []
    caller = getattr(plugin.manager.hook, hook)
    # The list is made inside the guarded call: a generator would run, fail or hang wherever it is first read.
    return call_within(limit_s, f"{plugin.name} {hook}", lambda: list(_specs(caller(settings=settings), kind)))


def _specs(answers: Iterable[object], kind: type[Spec]) -> Iterator[Spec]:
    for answer in answers:
        if inspect.iscoroutine(answer):
            answer.close()
            raise PluginFaultError("is a coroutine; hooks are plain functions, and `open` does what has to wait")
        if isinstance(answer, kind) or not isinstance(answer, Iterable):
            raise PluginFaultError(f"returned {type(answer).__name__}, not an iterable of {kind.__name__}")
        for spec in answer:
            if not isinstance(spec, kind):
                raise PluginFaultError(f"yielded {type(spec).__name__}, not {kind.__name__}")
            yield spec


def _unkept_promise(plugin: Plugin, specs: list[Spec]) -> Problem | None:
    group, _, name = plugin.name.rpartition(".")
    if not group:
        return None
    declared = [spec.name for spec in specs if isinstance(spec, ConfigSourceSpec) and group == "config"]
    declared += [spec.name for spec in specs if isinstance(spec, BackendSpec) and spec.capability == group]
    if name in declared:
        return None
    what = f"is named for the {kind_of(plugin.name)} {name!r}, but declares none of that name"
    return Problem(plugin.where, what, REMEDY)

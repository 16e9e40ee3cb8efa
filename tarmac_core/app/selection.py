"""Which plugins configuration asks for: import them, fill their settings, and let each declare what it has."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from tarmac_core.config import Raw, ShownValue, bind, bind_flags, bind_store
from tarmac_core.plugin import CapabilitySpec, PluginSettings, Problem
from tarmac_core.registry import Broken, Catalog, Declarations, Hang, Plugin, declare, load

DEFAULT_STORE = "default"
CORE_FLAGS = frozenset(("enable_tls", "enable_pprof", "enable_maintenance_mode", "enable_metrics"))


@dataclass(frozen=True, slots=True)
class StorePlan:
    """One store to open: `backend` is the name that configuration uses (`kvstore.internal`)."""

    name: str
    capability: str
    backend: str
    settings: PluginSettings


@dataclass(slots=True)
class Selected:
    """What was found so far; filled step by step by `select`."""

    plugins: list[Plugin] = field(default_factory=list)
    declared: list[Declarations] = field(default_factory=list)
    enabled: set[str] = field(default_factory=set)
    stores: list[StorePlan] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    rows: list[ShownValue] = field(default_factory=list)

    def capabilities(self) -> Iterator[CapabilitySpec]:
        """Every declared capability, on or off."""
        return (spec for one in self.declared for spec in one.capabilities)


def select_sources(raw: Raw, catalog: Catalog) -> Selected:
    """Load the configuration sources that `use_<name>` turns on, before the other settings are read."""
    selected = Selected()
    keys = [key for key in raw.values if key.startswith("use_")] + [
        f"use_{name}" for name in catalog.backends("config")
    ]
    names = {f"config.{name}": f"use_{name}" for name in _flags(raw, selected, "use_", keys)}
    _tell_missing(selected, raw, catalog, names)
    present = [name for name in names if catalog.find(name)]
    _load(selected, raw, catalog, present, set(present))
    return selected


def select(raw: Raw, catalog: Catalog, disabled: Iterable[str], sources: Selected) -> Selected:
    """Load all undotted plugins that are not disabled, then the backends that settings and named stores name.

    Goes on with what `select_sources` gave, and returns it filled.
    """
    selected = sources
    selected.problems += catalog.collisions
    off = frozenset(disabled)
    keys = [key for key in raw.values if key.startswith("enable_") and key not in CORE_FLAGS]
    wanted = _flags(raw, selected, "enable_", keys)
    asked = {table.capability: f"stores.{table.name}" for table in raw.stores.values()}
    asked |= {name: f"enable_{name}" for name in sorted(wanted)}
    _tell_disabled(selected, raw, asked, off)
    _tell_missing(selected, raw, catalog, {name: key for name, key in asked.items() if name not in off})
    names = [name for name in catalog.capabilities() if name not in off]
    _load(selected, raw, catalog, names, set(names) & set(asked))
    _enable(selected, wanted)
    _load_backends(selected, raw, catalog, off)
    return selected


def _flags(raw: Raw, selected: Selected, prefix: str, keys: Iterable[str]) -> list[str]:
    """Names that a key `<prefix><name>` turns on, in the order of the keys."""
    values, problems, rows = bind_flags(dict.fromkeys(keys, ""), raw)
    selected.problems += problems
    selected.rows += rows
    return [key.removeprefix(prefix) for key, is_on in values.items() if is_on]


def _tell_disabled(selected: Selected, raw: Raw, names: Mapping[str, str], off: Set[str]) -> None:
    for name, key in names.items():
        if name in off:
            what = f"{name} is named in plugins_disabled"
            selected.problems.append(Problem(_where(raw, key), what, "take it out of one of the two"))


def _tell_missing(selected: Selected, raw: Raw, catalog: Catalog, names: Mapping[str, str]) -> None:
    """A problem for each plugin that is not installed; `names` tell which key asks for it."""
    absent = {name: key for name, key in names.items() if catalog.find(name) is None}
    selected.problems += [catalog.missing(name, where=_where(raw, key)) for name, key in absent.items()]


def _load(selected: Selected, raw: Raw, catalog: Catalog, names: list[str], needed: set[str]) -> None:
    loaded = load(catalog, names, selected=needed)
    selected.problems += loaded.problems
    selected.broken += loaded.broken
    for plugin in loaded.plugins:
        bound = bind(plugin.info.settings_model, plugin.info.prefix, raw)
        selected.problems += bound.problems
        selected.rows += bound.rows
        if bound.settings is not None:
            _declare(selected, plugin, bound.settings, is_needed=bool(needed & set(plugin.installed.names)))


def _declare(selected: Selected, plugin: Plugin, settings: PluginSettings, *, is_needed: bool) -> None:
    """Take what a plugin declares; one that fails and that nothing needs is left out with a warning, unless it hangs."""
    declarations, problems = declare(plugin, settings)
    if problems and not is_needed and not any(isinstance(problem, Hang) for problem in problems):
        selected.broken += (Broken(plugin.installed, problem) for problem in problems)
        return
    selected.plugins.append(plugin)
    selected.declared.append(declarations)
    selected.problems += problems


def _enable(selected: Selected, wanted: Iterable[str]) -> None:
    """Turn capabilities on: those with stores when asked for, the others always."""
    with_stores = {spec.name for spec in selected.capabilities() if spec.backend_type is not None}
    selected.enabled |= {spec.name for spec in selected.capabilities() if spec.backend_type is None}
    selected.enabled |= with_stores & set(wanted)


def _load_backends(selected: Selected, raw: Raw, catalog: Catalog, off: Set[str]) -> None:
    default = {
        f"{spec.name}.{getattr(one.settings, 'type', '')}": f"{spec.name}_type"
        for one in selected.declared
        for spec in one.capabilities
        if spec.backend_type is not None and spec.name in selected.enabled
    }
    named = {
        f"{table.capability}.{table.backend}": f"stores.{table.name}"
        for table in raw.stores.values()
        if catalog.find(table.capability)
    }
    asked = {**named, **default}
    _tell_disabled(selected, raw, asked, off)
    _tell_missing(selected, raw, catalog, asked)
    present = [name for name in asked if catalog.find(name) and name not in off]
    loaded = load(catalog, present, selected=set(present), beside=selected.plugins)
    selected.problems += loaded.problems
    for plugin in loaded.plugins:
        _plan_stores(selected, raw, plugin, [name for name in present if name in plugin.installed.names], default)


def _plan_stores(selected: Selected, raw: Raw, plugin: Plugin, names: list[str], default: Iterable[str]) -> None:
    """Fill a backend's settings for each store that uses it; it declares with those of the first."""
    plans: list[StorePlan] = []
    for name in names:
        capability, _, backend = name.rpartition(".")
        if name in default:
            bound = bind(plugin.info.settings_model, plugin.info.prefix, raw)
            plans += _plan(selected, bound.settings, bound.problems, bound.rows, (DEFAULT_STORE, capability, name))
        for table in raw.stores.values():
            if (table.capability, table.backend) == (capability, backend):
                bound = bind_store(plugin.info.settings_model, table)
                plans += _plan(selected, bound.settings, bound.problems, bound.rows, (table.name, capability, name))
    if plans:
        _declare(selected, plugin, plans[0].settings, is_needed=True)
        selected.stores += plans
        selected.enabled |= {plan.capability for plan in plans}


def _plan(
    selected: Selected,
    settings: PluginSettings | None,
    problems: list[Problem],
    rows: list[ShownValue],
    names: tuple[str, str, str],
) -> list[StorePlan]:
    selected.problems += problems
    selected.rows += rows
    store, capability, backend = names
    return [StorePlan(store, capability, backend, settings)] if settings is not None else []


def _where(raw: Raw, key: str) -> str:
    value = raw.stores.get(key[7:]) if key.startswith("stores.") else raw.values.get(key)
    return f"{key} from {value.source}" if value else f"{key} (default)"

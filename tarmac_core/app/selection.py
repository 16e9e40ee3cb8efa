"""Which plugins configuration asks for: import them, fill their settings, and let each declare what it has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tarmac_core.config import Raw, ShownValue, StoreTable, bind, bind_flags, bind_store
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


def select(raw: Raw, catalog: Catalog, disabled: Iterable[str]) -> Selected:
    """Load all undotted plugins that are not disabled, then the backends that settings and named stores name."""
    selected = Selected(problems=list(catalog.collisions))
    off = frozenset(disabled)
    wanted = _flags(raw, selected)
    names = [name for name in catalog.capabilities() if name not in off]
    _load(selected, raw, catalog, names, {name for name in wanted if catalog.find(name)})
    _enable(selected, raw, catalog, wanted, off)
    _load_backends(selected, raw, catalog)
    return selected


def load_source(raw: Raw, catalog: Catalog, name: str) -> Selected:
    """Load one configuration source alone, `config.<name>`, before anything else is read."""
    selected = Selected()
    _load(selected, raw, catalog, [f"config.{name}"], {f"config.{name}"})
    return selected


def requested_sources(raw: Raw, catalog: Catalog) -> tuple[list[str], list[Problem]]:
    """Return the sources that `use_<name>` turns on, and what is wrong with these keys."""
    keys = {key: f"Read settings from {key[4:]}." for key in raw.values if key.startswith("use_")}
    keys |= {f"use_{name}": f"Read settings from {name}." for name in catalog.backends("config")}
    values, problems, _ = bind_flags(keys, raw)
    names = [key.removeprefix("use_") for key, is_on in values.items() if is_on]
    missing = [name for name in names if catalog.find(f"config.{name}") is None]
    problems += [catalog.missing(f"config.{name}", where=_where(raw, f"use_{name}")) for name in missing]
    return [name for name in names if name not in missing], problems


def _flags(raw: Raw, selected: Selected) -> set[str]:
    keys = {key: "" for key in raw.values if key.startswith("enable_") and key not in CORE_FLAGS}
    values, problems, rows = bind_flags(keys, raw)
    selected.problems += problems
    selected.rows += rows
    return {key.removeprefix("enable_") for key, is_on in values.items() if is_on}


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


def _enable(selected: Selected, raw: Raw, catalog: Catalog, wanted: set[str], off: frozenset[str]) -> None:
    """Turn capabilities on: those with stores when asked for, the others always."""
    with_stores = {spec.name for spec in selected.capabilities() if spec.backend_type is not None}
    selected.enabled |= {spec.name for spec in selected.capabilities() if spec.backend_type is None}
    selected.enabled |= with_stores & wanted
    for name in sorted(wanted):
        where = _where(raw, f"enable_{name}")
        if name in off:
            selected.problems.append(
                Problem(where, f"{name} is named in plugins_disabled", "take it out of one of the two")
            )
        elif catalog.find(name) is None:
            selected.problems.append(catalog.missing(name, where=where))


def _load_backends(selected: Selected, raw: Raw, catalog: Catalog) -> None:
    default = {
        f"{spec.name}.{getattr(one.settings, 'type', '')}": f"{spec.name}_type"
        for one in selected.declared
        for spec in one.capabilities
        if spec.backend_type is not None and spec.name in selected.enabled
    }
    named = {f"{table.capability}.{table.backend}": f"stores.{table.name}" for table in raw.stores.values()}
    asked = {**named, **default}
    for name, key in asked.items():
        if catalog.find(name) is None:
            where = raw.stores[key[7:]].source if key.startswith("stores.") else _where(raw, key)
            selected.problems.append(catalog.missing(name, where=where))
    present = [name for name in asked if catalog.find(name)]
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
    value = raw.values.get(key)
    return f"{key} from {value.source}" if value else f"{key} (default)"


def store_tables(raw: Raw) -> Iterable[StoreTable]:
    """The named stores of the configuration file."""
    return raw.stores.values()

"""Everything that can be known without opening a connection: settings, plugins, manifest, and all that is wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tarmac_core.app.files import Found, find_manifest, tls_problems
from tarmac_core.app.options import Options, read_options
from tarmac_core.app.selection import Selected, select
from tarmac_core.config import CoreSettings, Manifest, Raw, ShownValue, bind, unknown_keys
from tarmac_core.plugin import PluginSettings, Problem
from tarmac_core.registry import Broken, Catalog, Tables


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What will be opened, checked. `core` and `manifest` are None only where `problems` say why."""

    raw: Raw
    catalog: Catalog
    core: CoreSettings | None
    manifest: Manifest | None
    selected: Selected
    tables: Tables
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    rows: tuple[ShownValue, ...] = ()
    single_function: Path | None = None

    @property
    def models(self) -> list[tuple[type[PluginSettings], str]]:
        """Every settings model in use with its prefix, core's own first."""
        return models_in_use(self.selected)

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Plugins that are installed, not needed, and do not work."""
        return tuple(self.selected.broken)


def inspect(options: Options, *, needs_listener: bool = True) -> Blueprint:
    """Read and check everything but remote sources; opens nothing. Without a listener TLS files are not asked for."""
    raw, problems = read_options(options)
    return inspect_raw(raw, problems, Catalog.discover(), options, needs_listener=needs_listener)


def inspect_raw(
    raw: Raw, problems: Iterable[Problem], catalog: Catalog, options: Options, *, needs_listener: bool = True
) -> Blueprint:
    """The same for settings that were read already, a remote source's included."""
    bound = bind(CoreSettings, "", raw)
    core = bound.settings
    selected = select(raw, catalog, core.plugins_disabled if core else ())
    tables, collisions = Tables.build(selected.declared)
    found = _find_manifest(core, raw, tables, options)
    all_problems = [*problems, *bound.problems, *selected.problems, *collisions, *found.problems]
    if core is not None and needs_listener:
        all_problems += tls_problems(core, options.cwd)
    return Blueprint(
        raw=raw,
        catalog=catalog,
        core=core,
        manifest=found.manifest,
        selected=selected,
        tables=tables,
        problems=tuple(dict.fromkeys(all_problems)),
        warnings=tuple(dict.fromkeys([*_warnings(raw, catalog, core, selected), *found.warnings])),
        rows=tuple({row.key: row for row in (*bound.rows, *selected.rows)}.values()),
        single_function=found.single_function,
    )


def models_in_use(selected: Selected) -> list[tuple[type[PluginSettings], str]]:
    """Settings models with their prefixes: core's, then those of every loaded plugin."""
    return [(CoreSettings, ""), *((one.info.settings_model, one.info.prefix) for one in selected.plugins)]


def _find_manifest(core: CoreSettings | None, raw: Raw, tables: Tables, options: Options) -> Found:
    if core is None:
        return Found(None)
    is_module_named = options.target is not None and options.target.suffix == ".wasm"
    return find_manifest(core, raw, tables, options.cwd, is_module_named=is_module_named)


def _warnings(raw: Raw, catalog: Catalog, core: CoreSettings | None, selected: Selected) -> Iterator[str]:
    yield from (str(problem) for problem in catalog.unreadable)
    yield from (str(one.problem) for one in selected.broken)
    yield from core.warnings if core else ()
    keys = [row.key for row in selected.rows] + [key for key in raw.values if key.startswith("use_")]
    yield from unknown_keys(raw, models_in_use(selected), prefixes=catalog.prefixes(), keys=keys)

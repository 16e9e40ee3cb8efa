"""Everything that can be known without opening a connection: settings, plugins, manifest, and all that is wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tarmac_core.app.files import MANIFEST_KEYS, TLS_KEYS, Found, find_manifest, tls_problems
from tarmac_core.app.options import Options, read_options
from tarmac_core.app.selection import Selected, select, select_sources
from tarmac_core.config import CoreSettings, Manifest, Raw, ShownValue, bind, unknown_keys
from tarmac_core.plugin import PluginSettings, Problem
from tarmac_core.registry import Broken, Catalog, Tables


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What will be opened, checked.

    With `problems`, `core` has defaults for what is wrong, and `manifest` lacks it, or is None where nothing can be read.
    """

    raw: Raw
    catalog: Catalog
    core: CoreSettings
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
        return _models_in_use(self.selected)

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Plugins that are installed, not needed, and do not work."""
        return tuple(self.selected.broken)


def inspect(options: Options, *, needs_listener: bool = True) -> Blueprint:
    """Read and check everything but what remote sources say; opens nothing. Without a listener no TLS files are needed."""
    raw, problems = read_options(options)
    catalog = Catalog.discover()
    sources = select_sources(raw, catalog)
    return inspect_raw(raw, problems, options, catalog=catalog, sources=sources, needs_listener=needs_listener)


def inspect_raw(
    raw: Raw,
    problems: Iterable[Problem],
    options: Options,
    *,
    catalog: Catalog,
    sources: Selected,
    needs_listener: bool = True,
) -> Blueprint:
    """The same for settings that were read already, what the loaded `sources` say included."""
    bound = bind(CoreSettings, "", raw)
    core = bound.usable or CoreSettings()
    selected = select(raw, catalog, core.plugins_disabled, sources)
    tables, collisions = Tables.build(selected.declared)
    found = Found(None) if bound.wrong & MANIFEST_KEYS else _find_manifest(core, raw, tables, options)
    all_problems = [*problems, *bound.problems, *selected.problems, *collisions, *found.problems]
    if needs_listener and not bound.wrong & TLS_KEYS:
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


def _models_in_use(selected: Selected) -> list[tuple[type[PluginSettings], str]]:
    """Settings models with their prefixes: core's, then those of every loaded plugin."""
    return [(CoreSettings, ""), *((one.info.settings_model, one.info.prefix) for one in selected.plugins)]


def _find_manifest(core: CoreSettings, raw: Raw, tables: Tables, options: Options) -> Found:
    is_module_named = options.target is not None and options.target.suffix == ".wasm"
    return find_manifest(core, raw, tables, options.cwd, is_module_named=is_module_named)


def _warnings(raw: Raw, catalog: Catalog, core: CoreSettings, selected: Selected) -> Iterator[str]:
    yield from (str(problem) for problem in catalog.unreadable)
    yield from (str(one.problem) for one in selected.broken)
    yield from core.warnings
    for name in core.plugins_disabled:
        if catalog.find(name) is None:
            yield f"plugins_disabled: {catalog.missing(name).what}"
    keys = [row.key for row in selected.rows]
    yield from unknown_keys(raw, _models_in_use(selected), prefixes=catalog.prefixes(), keys=keys)

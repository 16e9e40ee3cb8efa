"""Everything that can be known without opening a connection: settings, plugins, manifest, and all that is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tarmac_core.app.files import MANIFEST_KEYS, TLS_KEYS, Found, find_manifest, tls_problems
from tarmac_core.app.options import Options, read_options
from tarmac_core.app.selection import Selected, select, select_sources
from tarmac_core.config import Bound, CoreSettings, Manifest, Raw, ShownValue, bind, unknown_keys
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


@dataclass(frozen=True, slots=True)
class Local:
    """What command line, environment and file say, and which remote sources that selects.

    `core` has defaults for what is wrong in `bound`.
    """

    options: Options
    raw: Raw
    problems: tuple[Problem, ...]
    bound: Bound[CoreSettings]
    catalog: Catalog
    sources: Selected

    @property
    def core(self) -> CoreSettings:
        """What is known before remote sources have been asked."""
        return self.bound.usable or CoreSettings()


def read_local(options: Options) -> Local:
    """Read what can be read without asking anybody."""
    raw, problems = read_options(options)
    catalog = Catalog.discover()
    return Local(options, raw, tuple(problems), bind(CoreSettings, "", raw), catalog, select_sources(raw, catalog))


def inspect(options: Options, *, needs_listener: bool = True) -> Blueprint:
    """Read and check everything but what remote sources say; opens nothing. Without a listener no TLS files are needed."""
    local = read_local(options)
    return inspect_raw(local, local.raw, needs_listener=needs_listener)


async def inspect_with_sources(options: Options, *, needs_listener: bool = True) -> Blueprint:
    """The same with what remote sources say: they are opened, asked and closed. Raises StepError for one that does not open.

    What they have to tell beside, such as a value from a cache, goes to standard error.
    """
    local = read_local(options)
    if local.sources.problems or not any(one.config_sources for one in local.sources.declared):
        return inspect_raw(local, local.raw, needs_listener=needs_listener)
    from tarmac_core.app.sources import asked  # noqa: PLC0415 - only those need a dispatcher

    return inspect_raw(local, await asked(local), needs_listener=needs_listener)


def inspect_raw(local: Local, raw: Raw, *, needs_listener: bool = True) -> Blueprint:
    """The same for settings in which what remote sources say is there already."""
    options, catalog = local.options, local.catalog
    bound = bind(CoreSettings, "", raw)
    core = bound.usable or CoreSettings()
    selected = select(raw, catalog, core.plugins_disabled, local.sources)
    tables, collisions = Tables.build(selected.declared)
    found = Found(None) if bound.wrong & MANIFEST_KEYS else _find_manifest(core, raw, tables, options)
    all_problems = [*local.problems, *bound.problems, *selected.problems, *collisions, *found.problems]
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

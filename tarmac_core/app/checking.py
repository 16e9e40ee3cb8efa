"""`tarmac check`: everything that can be wrong, modules included, without a single connection."""

from dataclasses import dataclass

from tarmac_core.app.functions import load_functions, make_engine
from tarmac_core.app.inspection import Blueprint, inspect
from tarmac_core.app.logs import SILENT, make_log
from tarmac_core.app.options import Options
from tarmac_core.app.web import route_problems
from tarmac_core.plugin import Problem
from tarmac_core.wapc import EngineError


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found. `without_grants` are those of `functions` that may use everything that is enabled."""

    blueprint: Blueprint
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    functions: tuple[str, ...]
    without_grants: tuple[str, ...]


def check(options: Options) -> Checked:
    """Read, load and compile everything that `options` name; compiled modules stay in the cache."""
    blueprint = inspect(options)
    manifest = blueprint.manifest
    problems = [*blueprint.problems, *route_problems(blueprint), *_module_problems(blueprint, options)]
    functions = tuple(manifest.functions) if manifest else ()
    names = tuple(one.name for one in functions)
    without = tuple(one.name for one in functions if one.grants is None)
    return Checked(blueprint, tuple(problems), blueprint.warnings, names, without)


def _module_problems(blueprint: Blueprint, options: Options) -> list[Problem]:
    if blueprint.manifest is None:
        return []
    try:
        engine = make_engine(blueprint.core, options.cwd)
    except EngineError as error:
        return [Problem("engine", str(error))]
    try:
        return load_functions(engine, blueprint.manifest.functions, make_log(level=SILENT))[1]
    finally:
        engine.close()

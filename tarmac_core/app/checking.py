"""`tarmac check`: everything that can be wrong, modules included, without opening a store or a port."""

from dataclasses import dataclass

from tarmac_core.app.files import tls_problems
from tarmac_core.app.functions import load_functions, make_engine
from tarmac_core.app.inspection import Blueprint, inspect
from tarmac_core.app.logs import SILENT, make_log
from tarmac_core.app.options import Options
from tarmac_core.app.web import http_settings, route_problems
from tarmac_core.http import TlsError, load_context
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


def check(options: Options, blueprint: Blueprint | None = None) -> Checked:
    """Read, load and compile everything that `options` name; compiled modules stay in the cache.

    `blueprint` is what an inspection of the same options found, remote sources included; without it these are not asked.
    """
    blueprint = blueprint or inspect(options)
    manifest = blueprint.manifest
    faults, notices = _modules(blueprint, options)
    problems = (*blueprint.problems, *route_problems(blueprint), *_certificates(blueprint, options), *faults)
    functions = tuple(manifest.functions) if manifest else ()
    names = tuple(one.name for one in functions)
    without = tuple(one.name for one in functions if one.grants is None)
    return Checked(blueprint, problems, (*blueprint.warnings, *notices), names, without)


def _certificates(blueprint: Blueprint, options: Options) -> list[Problem]:
    """What is wrong in TLS files that are there; a job never listens."""
    core = blueprint.core
    if core.run_mode == "job" or any(tls_problems(core, options.cwd)):
        return []
    files = http_settings(core, options.cwd).tls
    try:
        if files is not None:
            load_context(files)
    except TlsError as error:
        return [Problem("cert_file and key_file", str(error))]
    return []


def _modules(blueprint: Blueprint, options: Options) -> tuple[list[Problem], tuple[str, ...]]:
    """What is wrong with modules, and what the engine has to say about itself."""
    if blueprint.manifest is None:
        return [], ()
    try:
        engine = make_engine(blueprint.core, options.cwd)
    except EngineError as error:
        return [Problem("engine", str(error))], ()
    try:
        _, problems = load_functions(engine, blueprint.manifest.functions, make_log(level=SILENT))
        return problems, engine.notices
    finally:
        engine.close()

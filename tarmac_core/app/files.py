"""Files that configuration points at: which manifest counts, and whether the TLS files are there."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tarmac_core.config import CoreSettings, FunctionSpec, Manifest, Raw, load_manifest, single_function_manifest
from tarmac_core.plugin import Problem
from tarmac_core.registry import KNOWN_PACKAGES, KNOWN_ROUTE_TYPES, Tables

MANIFEST_KEYS = frozenset(("wasm_function", "wasm_function_config"))
TLS_KEYS = frozenset(("enable_tls", "cert_file", "key_file", "ca_file", "run_mode"))


@dataclass(frozen=True, slots=True)
class Found:
    """The manifest, or why there is none. `single_function` is the module that stands alone, where there is no file."""

    manifest: Manifest | None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    single_function: Path | None = None


def find_manifest(core: CoreSettings, raw: Raw, tables: Tables, cwd: Path, *, is_module_named: bool) -> Found:
    """Read the manifest; where none was named and none is there, or a module was named, take the single function."""
    if is_module_named:
        return _single(core, cwd, [])
    loaded = load_manifest(
        Path(core.wasm_function_config),
        named=core.manifest_is_named,
        cwd=cwd,
        route_models=tables.route_models(),
        grant_models=tables.grant_models(),
        function_defaults=core.function_defaults,
        stores=raw.stores,
        packages={**KNOWN_PACKAGES, **KNOWN_ROUTE_TYPES},
    )
    if not loaded.is_missing:
        return Found(loaded.manifest, loaded.problems, loaded.warnings)
    return _single(core, cwd, [f"no manifest at {core.wasm_function_config}"])


def _single(core: CoreSettings, cwd: Path, before: list[str]) -> Found:
    path = cwd / core.wasm_function
    if not path.is_file():
        what = " and ".join([*before, f"no module at {core.wasm_function}"])
        remedy = "name one: tarmac serve path/to/tarmac.json or tarmac serve path/to/function.wasm"
        return Found(None, [Problem("functions", what, remedy)])
    manifest = single_function_manifest(core)
    services = tuple(
        replace(service, functions=tuple(_at(function, cwd) for function in service.functions))
        for service in manifest.services
    )
    return Found(Manifest(services), single_function=path)


def _at(function: FunctionSpec, cwd: Path) -> FunctionSpec:
    return replace(function, filepath=cwd / function.filepath)


def tls_problems(core: CoreSettings, cwd: Path) -> Iterator[Problem]:
    """Name every TLS file that is missing; a job never listens and needs none."""
    if not core.enable_tls or core.run_mode == "job":
        return
    remedy = (
        "name your own with APP_CERT_FILE and APP_KEY_FILE, or serve plain HTTP with APP_ENABLE_TLS=false (--no-tls)"
    )
    for key, name in (("cert_file", core.cert_file), ("key_file", core.key_file), ("ca_file", core.ca_file)):
        if not name and key != "ca_file":
            yield Problem(key, "is empty, and enable_tls is on", remedy)
        elif name and not (cwd / name).is_file():
            yield Problem(key, f"no file at {name}, and enable_tls is on", remedy)

"""Read and check `tarmac.json`: everything wrong is reported together, each with its line, column and JSON pointer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tarmac_core.config.function import FunctionDefaults, FunctionSpec
from tarmac_core.config.grants import GrantModels, GrantRules, read_grants
from tarmac_core.config.json_text import parse_json
from tarmac_core.config.manifest import Loaded, Manifest, Service
from tarmac_core.config.manifest_models import FunctionShape, ManifestShape, ServiceShape
from tarmac_core.config.node import Node, TextError, position, read_file
from tarmac_core.config.objects import JsonObject, names_of, read_object, validate, warn_unknown
from tarmac_core.config.raw import StoreTable
from tarmac_core.config.report import Report, pointer_to
from tarmac_core.config.routes import Routes
from tarmac_core.plugin import Problem, RouteModel

_Path: TypeAlias = tuple[str | int, ...]


def load_manifest(
    path: Path,
    *,
    named: bool = True,
    cwd: Path | None = None,
    route_models: Mapping[str, type[RouteModel]],
    grant_models: GrantModels,
    function_defaults: FunctionDefaults | None = None,
    stores: Mapping[str, StoreTable] | None = None,
    packages: Mapping[str, str] | None = None,
) -> Loaded:
    """Read a manifest and check everything in it; modules are looked for but not opened.

    A missing file is a problem when it was `named`, otherwise `is_missing`. `route_models` are those of plugins by route
    type (`http` is core's own); `grant_models` those of capabilities, None for one that only `true` fits; `stores` are the
    named stores, None to leave them unchecked; `packages` map route types and capabilities to the package that brings
    them, for messages. Relative paths start at `cwd`, by default the process's own.
    """
    folder = cwd or Path.cwd()
    report = Report(str(path))
    try:
        root = parse_json(read_file(folder / path))
    except FileNotFoundError:
        if not named:
            return Loaded(None, [], [], is_missing=True)
        return _failed(str(path), "the manifest is missing", "create it, or name another one in wasm_function_config")
    except OSError as error:
        return _failed(str(path), f"the manifest cannot be read: {error.strerror}", "make it a readable file")
    except TextError as error:
        where = f"{path} {position(error.line, error.column)}".rstrip()
        return _failed(where, error.what, error.remedy)
    rules = GrantRules({"http": None, "logger": None, **grant_models}, stores, packages or {})
    reading = _Reading(
        report, (folder, (folder / path).parent), function_defaults or FunctionDefaults(), rules, dict(route_models)
    )
    manifest = reading.manifest(root)
    return Loaded(manifest, report.problems, report.warnings)


def _failed(where: str, what: str, remedy: str) -> Loaded:
    return Loaded(None, [Problem(where, what, remedy)], [])


@dataclass(slots=True)
class _Reading:
    """One reading of one file; functions are read first, since routes of any service may name them."""

    report: Report
    folders: tuple[Path, ...]
    defaults: FunctionDefaults
    rules: GrantRules
    route_models: dict[str, type[RouteModel]]
    _owners: dict[str, tuple[str, Node]] = field(default_factory=dict)

    def manifest(self, root: Node) -> Manifest:
        top = self._object(root, (), ManifestShape)
        if top is None or "services" not in top.known:
            return Manifest()
        services = self._services(top.known["services"])
        routes = Routes(self.report, self.route_models, self._owners, self.rules.packages)
        return Manifest(
            tuple(
                Service(name, str(source.path[-1]), functions, routes.read(source))
                for name, source, functions in services
            )
        )

    def _services(self, node: Node) -> list[tuple[str, JsonObject, tuple[FunctionSpec, ...]]]:
        services = []
        for key, child in self._members(node, ("services",)).items():
            if child.value is None:
                continue
            source = self._object(child, ("services", key), ServiceShape)
            if source is None:
                continue
            name_only = JsonObject(
                child, source.path, {name: node for name, node in source.known.items() if name == "name"}, {}
            )
            shape = validate(ServiceShape, name_only, self.report)
            services.append((shape.name if shape else key, source, self._functions(source, key)))
        return services

    def _functions(self, service: JsonObject, key: str) -> tuple[FunctionSpec, ...]:
        if "functions" not in service.known:
            return ()
        path = (*service.path, "functions")
        members = self._members(service.known["functions"], path)
        found = [self._function(name, key, node, (*path, name)) for name, node in members.items()]
        return tuple(function for function in found if function is not None)

    def _function(self, name: str, service: str, node: Node, path: _Path) -> FunctionSpec | None:
        self._claim(name, service, node, path)
        source = self._object(node, path, FunctionShape)
        if source is None:
            return None
        grants_node = source.known.get("grants")
        grants = read_grants(grants_node, (*path, "grants"), self.rules, self.report) if grants_node else None
        without_grants = {key: child for key, child in source.known.items() if key != "grants"}
        shape = validate(FunctionShape, JsonObject(node, path, without_grants, {}), self.report)
        if shape is None:
            return None
        pool_size = shape.pool_size or self.defaults.pool_size
        if shape.min_instances > pool_size:
            what = f"min_instances {shape.min_instances} is more than pool_size {pool_size}"
            self.report.problem(source.known["min_instances"], pointer_to(*path, "min_instances"), what, "lower it")
        filepath = self._file(shape.filepath, source.known["filepath"], (*path, "filepath"))
        if filepath is None:
            return None
        return FunctionSpec(
            name=name,
            service=service,
            filepath=filepath,
            pool_size=pool_size,
            min_instances=shape.min_instances,
            timeout_ms=shape.timeout_ms or self.defaults.timeout_ms,
            cpu_ms=shape.cpu_ms or self.defaults.cpu_ms,
            memory_bytes=shape.memory_bytes or self.defaults.memory_bytes,
            queue_length=self.defaults.queue_length if shape.queue_length is None else shape.queue_length,
            isolation=shape.isolation,
            grants=grants,
        )

    def _claim(self, name: str, service: str, node: Node, path: _Path) -> None:
        """Function names are known to the whole server, so two services cannot both have one."""
        if not name:
            self.report.problem(node, pointer_to(*path), "a function's name must not be empty", "name it")
        if name in self._owners:
            other, _ = self._owners[name]
            what = f"the function {name!r} is in the service {other!r} too"
            self.report.problem(node, pointer_to(*path), what, "rename one of them")
        else:
            self._owners[name] = (service, node)

    def _file(self, text: str, node: Node, path: _Path) -> Path | None:
        """The first file that is there: from the working directory, then from the manifest's folder."""
        tried = list(dict.fromkeys(folder / text for folder in self.folders))
        for candidate in tried:
            if _is_file(candidate):
                return candidate
        places = " and ".join(str(candidate) for candidate in tried)
        self.report.problem(node, pointer_to(*path), f"there is no file {text}", f"tried {places}")
        return None

    def _object(
        self, node: Node, path: _Path, model: type[ManifestShape | ServiceShape | FunctionShape]
    ) -> JsonObject | None:
        names = names_of(model)
        source = read_object(node, path, names, self.report)
        if source is not None:
            warn_unknown(source, names, self.report)
        return source

    def _members(self, node: Node, path: _Path) -> dict[str, Node]:
        if isinstance(node.value, dict):
            return node.value
        self.report.problem(node, pointer_to(*path), f"{path[-1]} must be an object", "write { ... }")
        return {}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False

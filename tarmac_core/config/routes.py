"""Check routes: known type, known function, valid and free path."""

from collections.abc import Mapping
from typing import TypeAlias

from tarmac_core.config.manifest_models import HttpRoute
from tarmac_core.config.nearest import did_you_mean
from tarmac_core.config.node import Node
from tarmac_core.config.objects import JsonObject, names_of, read_object, validate
from tarmac_core.config.paths import Shape, is_reserved, odd_method, shape_of
from tarmac_core.config.report import Report, pointer_to
from tarmac_core.plugin import RouteModel

_Path: TypeAlias = tuple[str | int, ...]

HTTP = "http"
# Upstream has one shape for all routes, so these may stand in any of them without meaning anything.
_UPSTREAM_KEYS = ("topic",)
_OTHER_TYPES_KEYS = ("path", "methods", "frequency", "retries")


class Routes:
    """Reads the routes of every service of one manifest, and remembers which paths are taken."""

    def __init__(
        self,
        report: Report,
        models: Mapping[str, type[RouteModel]],
        owners: Mapping[str, tuple[str, Node]],
        packages: Mapping[str, str],
    ) -> None:
        self._report = report
        self._models: dict[str, type[RouteModel]] = {**models, HTTP: HttpRoute}
        self._owners = owners
        self._packages = packages
        self._taken: dict[tuple[str, Shape], str] = {}

    def read(self, service: JsonObject) -> tuple[RouteModel, ...]:
        """The routes of a service in the file's order; those with problems are left out."""
        node = service.known.get("routes")
        if node is None:
            return ()
        path = (*service.path, "routes")
        if not isinstance(node.value, list):
            self._report.problem(node, pointer_to(*path), "routes must be a list", "write [ ... ]")
            return ()
        found = [self._route(child, (*path, index)) for index, child in enumerate(node.value)]
        return tuple(route for route in found if route is not None)

    def _route(self, node: Node, path: _Path) -> RouteModel | None:
        # A route's type decides how everything else in it is read, so it is looked up before anything is reported.
        base = read_object(node, path, names_of(RouteModel), Report(""))
        kind = base.known["type"].value if base and "type" in base.known else None
        model = self._models.get(kind) if isinstance(kind, str) else None
        source = read_object(node, path, names_of(model or RouteModel), self._report)
        if source is None:
            return None
        before = len(self._report.problems)
        self._check_function(source)
        if model is None and isinstance(kind, str) and kind:
            self._unknown_type(kind, source)
            return None
        if model is not None:
            self._warn_unknown(source, model)
        route = validate(model or RouteModel, source, self._report)
        if isinstance(route, HttpRoute):
            self._check_path(route, source)
        return route if len(self._report.problems) == before else None

    def _unknown_type(self, name: str, source: JsonObject) -> None:
        package = self._packages.get(name)
        known = f"known here: {', '.join(sorted(self._models))}"
        remedy = f"pip install {package}" if package else did_you_mean(name, self._models) or known
        pointer = pointer_to(*source.path, "type")
        self._report.problem(source.known["type"], pointer, f"no route type {name!r} is installed", remedy)

    def _check_function(self, base: JsonObject) -> None:
        node = base.known.get("function")
        if node is None or not isinstance(node.value, str) or not node.value or node.value in self._owners:
            return
        remedy = did_you_mean(node.value, self._owners) or "add it to the functions of a service"
        self._report.problem(node, pointer_to(*base.path, "function"), f"there is no function {node.value!r}", remedy)

    def _warn_unknown(self, source: JsonObject, model: type[RouteModel]) -> None:
        for key, node in source.unknown.items():
            folded = key.casefold()
            if folded in _UPSTREAM_KEYS or node.value is None:
                continue
            pointer = pointer_to(*source.path, key)
            if folded in _OTHER_TYPES_KEYS:
                self._report.warn(node, pointer, f"{key} has no effect on a route of this type")
                continue
            hint = did_you_mean(key, names_of(model))
            self._report.warn(node, pointer, f"{key} is not known and has no effect" + (f" ({hint})" if hint else ""))

    def _check_path(self, route: HttpRoute, source: JsonObject) -> None:
        node, pointer = source.known["path"], pointer_to(*source.path, "path")
        if "%" in route.path:
            self._report.warn(node, pointer, f"{route.path} holds a percent sign, but paths are matched after decoding")
        for method in route.methods:
            if odd := odd_method(method):
                self._report.warn(source.known["methods"], pointer_to(*source.path, "methods"), odd)
            if is_reserved(method, route.path):
                what = f"{method} {route.path} is answered by the server itself"
                self._report.problem(node, pointer, what, "choose another path")
            taken = self._taken.setdefault((method, shape_of(route.path)), f"{route.path}, {pointer}")
            if taken != f"{route.path}, {pointer}":
                what = f"{method} {route.path} is taken by {taken}"
                self._report.problem(node, pointer, what, "change the path or the methods of one of them")

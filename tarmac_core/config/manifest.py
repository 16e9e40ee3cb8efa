"""What `tarmac.json` says, checked: services with their functions and routes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tarmac_core.config.core import CoreSettings
from tarmac_core.config.function import FunctionSpec
from tarmac_core.config.manifest_models import HttpRoute
from tarmac_core.plugin import Problem, RouteModel

SINGLE_FUNCTION = "default"
_SINGLE_FUNCTION_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: `key` is its key in the manifest (logs, metrics), `name` the name it gives itself."""

    name: str
    key: str
    functions: tuple[FunctionSpec, ...] = ()
    routes: tuple[RouteModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Services, functions and routes in the file's order. Function names are unique in all of it."""

    services: tuple[Service, ...] = ()

    @property
    def functions(self) -> Iterator[FunctionSpec]:
        """Every function of every service."""
        return (function for service in self.services for function in service.functions)

    @property
    def routes(self) -> Iterator[RouteModel]:
        """Every route of every service."""
        return (route for service in self.services for route in service.routes)

    def routes_of(self, route_type: str) -> tuple[RouteModel, ...]:
        """Every route of one type."""
        return tuple(route for route in self.routes if route.type == route_type)

    @property
    def http_routes(self) -> tuple[HttpRoute, ...]:
        """Every HTTP route."""
        return tuple(route for route in self.routes if isinstance(route, HttpRoute))


@dataclass(frozen=True, slots=True)
class Loaded:
    """The outcome of reading a manifest.

    With problems `manifest` holds what is right, so that more can be checked; it is None where the file cannot be read, or
    `is_missing`: nobody named it, so that the server starts with a single function.
    """

    manifest: Manifest | None
    problems: list[Problem]
    warnings: list[str]
    is_missing: bool = False


def single_function_manifest(core: CoreSettings) -> Manifest:
    """One function `default` from `wasm_function`, on `/` for GET, POST, PUT, DELETE and HEAD. The file is not looked at."""
    defaults = core.function_defaults
    function = FunctionSpec(
        name=SINGLE_FUNCTION,
        service=SINGLE_FUNCTION,
        filepath=Path(core.wasm_function),
        pool_size=core.wasm_pool_size or defaults.pool_size,
        timeout_ms=defaults.timeout_ms,
        cpu_ms=defaults.cpu_ms,
        memory_bytes=defaults.memory_bytes,
        queue_length=defaults.queue_length,
    )
    route = HttpRoute(type="http", function=SINGLE_FUNCTION, path="/", methods=_SINGLE_FUNCTION_METHODS)
    return Manifest((Service(SINGLE_FUNCTION, SINGLE_FUNCTION, (function,), (route,)),))

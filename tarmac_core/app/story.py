"""The log's account of a start, line by line as the original tells it."""

from collections import Counter
from collections.abc import Iterator

from tarmac_core.app.inspection import Blueprint
from tarmac_core.app.options import COMMAND_LINE
from tarmac_core.config import CoreSettings, HttpRoute, Manifest
from tarmac_core.plugin import Log, RouteModel, RoutesServed


def tell_warnings(log: Log, blueprint: Blueprint) -> None:
    """Say what looks wrong; before a start that fails too, where it may be the reason (a broken plugin's routes)."""
    for warning in blueprint.warnings:
        log.warning("%s", warning)


def tell_start(log: Log, core: CoreSettings, blueprint: Blueprint) -> None:
    """Say what is configured."""
    asked = {row.key: row.value for row in blueprint.rows}
    log.info(
        "Starting Tarmac",
        extra={
            "run_mode": core.run_mode,
            "use_consul": bool(asked.get("use_consul", False)),
            "enable_kvstore": bool(asked.get("enable_kvstore", False)),
            "enable_sql": bool(asked.get("enable_sql", False)),
            "enable_tls": core.enable_tls,
            "enable_metrics": core.enable_metrics,
        },
    )
    module = blueprint.raw.values.get("wasm_function")
    if module is not None and module.source == COMMAND_LINE:
        log.info("Serving a single function", extra={"function_path": str(blueprint.single_function)})
    elif blueprint.single_function is not None:
        log.info(
            "Could not load wasm_function_config starting with default function path",
            extra={"config_path": core.wasm_function_config, "function_path": str(blueprint.single_function)},
        )
    else:
        log.info("Loading Services from wasm_function_config", extra={"config_path": core.wasm_function_config})


def tell_functions(log: Log, manifest: Manifest) -> None:
    """Name functions and routes, and count them."""
    counts: dict[str, int] = {}
    for service in manifest.services:
        log.info("Loading Functions from Service", extra={"service": service.key})
        for function in service.functions:
            named = {"function": function.name, "service": service.key, "filepath": str(function.filepath)}
            log.info("Loaded Function for Service", extra=named)
        log.info("Registering Routes from Service", extra={"service": service.key})
        for route in service.routes:
            log.info("Registering Route for function", extra=_told(route, service.key))
            counts[route.type] = counts.get(route.type, 0) + 1
    log.info("Loaded Functions and Routes", extra={"functions": sum(1 for _ in manifest.functions), **counts})


def routes_served(manifest: Manifest) -> Iterator[RoutesServed]:
    """How many routes of each type each service has; an HTTP route counts for each of its methods, as in the original."""
    for service in manifest.services:
        counts: Counter[str] = Counter()
        for route in service.routes:
            counts[route.type] += len(route.methods) if isinstance(route, HttpRoute) else 1
        for route_type, count in counts.items():
            yield RoutesServed(service.key, route_type, count)


def _told(route: RouteModel, service: str) -> dict[str, object]:
    told: dict[str, object] = {"function": route.function, "function_type": route.type, "service": service}
    if isinstance(route, HttpRoute):
        told |= {"path": route.path, "methods": list(route.methods)}
    return told

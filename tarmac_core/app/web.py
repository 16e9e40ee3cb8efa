"""What HTTP is given: routes to functions, probes over the opened stores, settings, and the way into dispatch."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from inspect import isawaitable
from pathlib import Path

from tarmac_core.app.inspection import Blueprint
from tarmac_core.config import CoreSettings
from tarmac_core.dispatch import CallContext, Dispatcher, FieldLog, HttpExchange, Observers
from tarmac_core.http import (
    Check,
    Endpoint,
    FunctionRoute,
    HttpSettings,
    InvokeHttp,
    Probes,
    TlsFiles,
    make_endpoints,
)
from tarmac_core.plugin import Log, Problem, Request, Response


def http_settings(core: CoreSettings, cwd: Path) -> HttpSettings:
    """Translate core's keys."""
    tls = None
    admin = core.admin_address
    if core.enable_tls:
        tls = TlsFiles(
            cert_file=cwd / core.cert_file,
            key_file=cwd / core.key_file,
            ca_file=cwd / core.ca_file if core.ca_file else None,
            ignore_client_cert=core.ignore_client_cert,
        )
    return HttpSettings(
        listen=(core.listen_address.host, core.listen_address.port),
        admin_listen=(admin.host, admin.port) if admin else None,
        tls=tls,
        max_request_bytes=core.max_request_bytes,
        http_header_timeout_s=core.http_header_timeout_s,
        http_idle_timeout_s=core.http_idle_timeout_s,
        http_body_timeout_s=core.http_body_timeout_s,
        http_write_timeout_s=core.http_write_timeout_s,
    )


def invoker(dispatcher: Dispatcher) -> InvokeHttp:
    """The way of an HTTP request to its function. The function's own time limit is known to the dispatcher."""

    async def invoke(function: str, request: Request) -> Response:
        exchange = HttpExchange(request)
        context = CallContext("http", request.request_id, exchange=exchange)
        body = await dispatcher.invoke(function, request.body, context=context)
        return Response(exchange.code, body, tuple(exchange.headers))

    return invoke


def checks_of(stores: Mapping[str, Mapping[str, object]]) -> dict[str, Check]:
    """The health check of each opened store that has one."""
    return {
        f"{capability} {name}": partial(_asked, check)
        for capability, named in stores.items()
        for name, store in named.items()
        if callable(check := getattr(store, "health", None))
    }


async def _asked(check: Callable[[], object]) -> object:
    """Backends answer at once or later, as their operations do."""
    answer = check()
    return await answer if isawaitable(answer) else answer


def route_problems(blueprint: Blueprint) -> list[Problem]:
    """Say which of plugins' and manifest's routes claim one path; nothing is opened for it."""
    log = FieldLog(logging.Logger("tarmac"), {})
    observers = Observers(log)
    dispatcher = Dispatcher(log=log, observers=observers, clock=float)
    try:
        endpoints(blueprint, blueprint.core, dispatcher, observers, Probes(log=log), log)
    except ValueError as error:
        return [Problem("routes", str(error), "change one of the two paths")]
    return []


def endpoints(
    blueprint: Blueprint, core: CoreSettings, dispatcher: Dispatcher, observers: Observers, probes: Probes, log: Log
) -> tuple[Endpoint, Endpoint | None]:
    """Make the endpoints of the public and, where it has an address of its own, the admin listener."""
    manifest = blueprint.manifest
    routes = [FunctionRoute(one.path, one.methods, one.function) for one in (manifest.http_routes if manifest else ())]
    return make_endpoints(
        routes,
        has_admin_listener=core.admin_address is not None,
        invoke_http=invoker(dispatcher),
        log=log,
        probes=probes,
        plugin_routes=[owned.spec for owned in blueprint.tables.routes],
        max_request_bytes=core.max_request_bytes,
        observe=observers.emit if observers.hears_requests else None,
    )

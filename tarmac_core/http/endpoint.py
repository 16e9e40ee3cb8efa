"""One `Request` in, one `Response` out: routing, limits, probes and the words for failures. Knows no sockets."""

import inspect
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from tarmac_core.http.answers import complete, failed_call, failure, request_id_of
from tarmac_core.http.probes import Probes
from tarmac_core.http.routing import Match, Router
from tarmac_core.plugin import InvocationError, Log, Observe, Request, RequestFinished, Response, RouteSpec

InvokeHttp = Callable[[str, Request], Awaitable[Response]]
_Handler = Callable[[Request], Response | Awaitable[Response]]

CLIENT_LEFT = 499
_METHODS_WITH_BODY = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_KNOWN_METHODS = frozenset((*_METHODS_WITH_BODY, "GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"))
_PATH_SAFE = "/!$&'()*+,;=:@~"


class _Target(NamedTuple):
    """Who answers a route; `function` is empty where it is no function of the manifest."""

    handler: _Handler
    function: str = ""


@dataclass(frozen=True, slots=True)
class FunctionRoute:
    """A route of the manifest: `function` answers `methods` on `path`."""

    path: str
    methods: tuple[str, ...]
    function: str


class Endpoint:
    """Answers requests. Runs on the event loop; any number at a time; holds no state between them.

    `invoke_http(function, request)` calls the function of a route and may raise `InvocationError`. `probes`
    adds /health and /ready, and /metrics while no plugin has it. `observe` is told of every answer; None costs nothing.
    Raises ValueError where two routes want the same path.
    """

    def __init__(
        self,
        routes: Iterable[FunctionRoute] = (),
        *,
        invoke_http: InvokeHttp,
        log: Log,
        probes: Probes | None = None,
        plugin_routes: Iterable[RouteSpec] = (),
        max_request_bytes: int = 64 * 1024 * 1024,
        observe: Observe | None = None,
    ) -> None:
        self.max_request_bytes = max_request_bytes
        self._invoke_http = invoke_http
        self._log = log
        self._observe = observe
        self._router: Router[_Target] = Router()
        for spec in plugin_routes:
            self._router.add(spec.method.upper(), spec.path, _Target(spec.handler))
        if probes is not None:
            self._add_probes(probes)
        for route in routes:
            target = _Target(self._calls(route), route.function)
            for method in dict.fromkeys(method.upper() for method in route.methods):
                self._router.add(method, route.path, target)

    async def answer(self, request: Request) -> Response:
        """The complete answer, whatever happens behind it; only being cancelled is raised, for a client that left.

        `request` comes without route and parameters; a missing request id is taken from its headers or made.
        """
        started_s = time.perf_counter()
        request_id = request.request_id or request_id_of(request.headers.get("x-request-id", ()))
        match = self._router.find(request.method, request.path)
        code = CLIENT_LEFT
        try:
            response = await self._respond(request, match, request_id)
            code = response.code
        finally:
            if self._observe is not None:
                self._finished(request.method, match, code, started_s, request_id)
        return response

    def refuse(self, code: int, request_id: str, text: str = "") -> Response:
        """The answer for a request that never became whole: too large, too slow, malformed."""
        if self._observe is not None:
            self._finished("", None, code, time.perf_counter(), request_id)
        return complete(failure(code, text), request_id)

    async def _respond(self, request: Request, match: Match[_Target] | None, request_id: str) -> Response:
        try:
            return complete(await self._handled(request, match, request_id), request_id)
        except InvocationError as error:
            return complete(failed_call(error), request_id)
        except Exception:  # noqa: BLE001 - a fault of ours or of a plugin ends this answer, not the server
            self._log.exception("Request failed", extra={"request_id": request_id, "path": request.path})
            return complete(failure(500, "internal error\n"), request_id)

    async def _handled(self, request: Request, match: Match[_Target] | None, request_id: str) -> Response:
        if len(request.body) > self.max_request_bytes:
            return failure(413)
        if match is None:
            return self._without_route(request)
        answer = match.route.target.handler(_routed(request, match, request_id))
        return await answer if inspect.isawaitable(answer) else answer

    def _without_route(self, request: Request) -> Response:
        path = self._router.redirect(request.method, request.path)
        if path is not None:
            return Response(301 if request.method == "GET" else 307, headers=(("Location", _location(path, request)),))
        allowed = ", ".join(self._router.allowed(request.path))
        if not allowed:
            return failure(404)
        if request.method == "OPTIONS":
            return Response(200, headers=(("Allow", allowed),))
        return failure(405, "", ("Allow", allowed))

    def _calls(self, route: FunctionRoute) -> _Handler:
        def call(request: Request) -> Awaitable[Response]:
            return self._invoke_http(route.function, request)

        return call

    def _add_probes(self, probes: Probes) -> None:
        routes: list[tuple[str, _Handler]] = [("/health", probes.health), ("/ready", probes.ready)]
        if self._router.find("GET", "/metrics") is None:
            routes.append(("/metrics", lambda _: Response()))
        for path, handler in routes:
            self._router.add("GET", path, _Target(handler))
            self._router.add("HEAD", path, _Target(handler))

    def _finished(
        self, method: str, match: Match[_Target] | None, code: int, started_s: float, request_id: str
    ) -> None:
        if self._observe is not None:
            # A client can make up methods without end, and sinks make series of them.
            known = method if method in _KNOWN_METHODS or not method else "OTHER"
            duration_ms = (time.perf_counter() - started_s) * 1000
            route, function = (match.route.pattern, match.route.target.function) if match is not None else ("", "")
            self._observe(RequestFinished(known, route, code, duration_ms, request_id, function))


def make_endpoints(
    routes: Iterable[FunctionRoute],
    *,
    has_admin_listener: bool,
    invoke_http: InvokeHttp,
    log: Log,
    probes: Probes,
    plugin_routes: Iterable[RouteSpec] = (),
    max_request_bytes: int = 64 * 1024 * 1024,
    observe: Observe | None = None,
) -> tuple[Endpoint, Endpoint | None]:
    """The endpoints of the public and of the admin listener; without the latter the public one serves all."""
    specs = tuple(plugin_routes)
    public = Endpoint(
        routes,
        invoke_http=invoke_http,
        log=log,
        probes=None if has_admin_listener else probes,
        plugin_routes=[spec for spec in specs if spec.listener == "public" or not has_admin_listener],
        max_request_bytes=max_request_bytes,
        observe=observe,
    )
    if not has_admin_listener:
        return public, None
    admin = Endpoint(
        invoke_http=invoke_http,
        log=log,
        probes=probes,
        plugin_routes=[spec for spec in specs if spec.listener == "admin"],
        max_request_bytes=max_request_bytes,
        observe=observe,
    )
    return public, admin


def _routed(request: Request, match: Match[_Target], request_id: str) -> Request:
    # Not dataclasses.replace: this runs for every request.
    return Request(
        method=request.method,
        path=request.path,
        body=request.body if request.method in _METHODS_WITH_BODY else b"",
        query=request.query,
        headers=request.headers,
        route=match.route.pattern,
        parameters=match.parameters if match.values else {},
        remote_address=request.remote_address,
        tls_subject=request.tls_subject,
        request_id=request_id,
    )


def _location(path: str, request: Request) -> str:
    # One leading slash only: `//host` would lead to another server.
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in request.query)
    return "/" + quote(path.lstrip("/"), safe=_PATH_SAFE) + (f"?{query}" if query else "")

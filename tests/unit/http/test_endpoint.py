import asyncio

import pytest

from tarmac_core.http import Endpoint, FunctionRoute, Probes, make_endpoints
from tarmac_core.plugin import (
    Event,
    InvocationError,
    InvocationErrorKind,
    Request,
    RequestFinished,
    Response,
    RouteSpec,
)
from tests.unit.http.bench import Functions, make_log

ROUTES = (
    FunctionRoute("/logger", ("get", "POST", "PATCH", "DELETE", "PUT"), "logger"),
    FunctionRoute("/users/:id", ("GET",), "user"),
)


class Recorder:
    def __init__(self) -> None:
        self.calls: list[tuple[str, Request]] = []
        self.result: Response | Exception = Response(200, b"ok")

    async def __call__(self, function: str, request: Request) -> Response:
        self.calls.append((function, request))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def invoke() -> Recorder:
    return Recorder()


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def endpoint(invoke: Recorder, events: list[Event]) -> Endpoint:
    log = make_log()[0]
    return Endpoint(
        ROUTES, invoke_http=invoke, log=log, probes=Probes(log=log), observe=events.append, max_request_bytes=100
    )


def headers(response: Response) -> dict[str, str]:
    return dict(response.headers)


async def test_a_function_gets_route_parameters_and_body(endpoint: Endpoint, invoke: Recorder) -> None:
    await endpoint.answer(Request("POST", "/logger", b"text", request_id="r1"))
    await endpoint.answer(Request("GET", "/users/a b", request_id="r2"))
    (first, one), (second, two) = invoke.calls
    assert (first, one.body, one.route, one.request_id) == ("logger", b"text", "/logger", "r1")
    assert (second, two.route, two.parameters) == ("user", "/users/:id", {"id": "a b"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_bodies_of_these_methods_reach_the_guest(endpoint: Endpoint, invoke: Recorder, method: str) -> None:
    await endpoint.answer(Request(method, "/logger", b"body"))
    assert invoke.calls[0][1].body == b"body"


async def test_the_body_of_a_get_does_not(endpoint: Endpoint, invoke: Recorder) -> None:
    await endpoint.answer(Request("GET", "/logger", b"body"))
    assert invoke.calls[0][1].body == b""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("guest", 500),
        ("abnormal", 500),
        ("depth", 500),
        ("not_found", 500),
        ("too_large", 413),
        ("busy", 503),
        ("stopping", 503),
        ("timeout", 504),
    ],
)
async def test_a_failed_call_becomes_its_status_with_the_message_as_plain_text(
    endpoint: Endpoint, invoke: Recorder, kind: InvocationErrorKind, code: int
) -> None:
    invoke.result = InvocationError(kind, "failed to execute wasm module - <html>")
    response = await endpoint.answer(Request("POST", "/logger"))
    assert (response.code, response.body) == (code, b"failed to execute wasm module - <html>")
    assert headers(response)["Content-Type"] == "text/plain; charset=utf-8"
    assert headers(response)["X-Content-Type-Options"] == "nosniff"
    assert ("Retry-After" in headers(response)) == (code == 503)


async def test_a_fault_of_the_host_is_logged_with_the_request_id_and_tells_the_client_nothing(
    invoke: Recorder,
) -> None:
    log, lines = make_log()
    invoke.result = RuntimeError("secret")
    response = await Endpoint(ROUTES, invoke_http=invoke, log=log).answer(Request("POST", "/logger"))
    assert (response.code, response.body) == (500, b"internal error\n")
    assert lines.lines == ["ERROR Request failed"]


async def test_an_unknown_path_is_404(endpoint: Endpoint) -> None:
    response = await endpoint.answer(Request("GET", "/nothing"))
    assert (response.code, response.body) == (404, b"404 page not found\n")


async def test_another_method_is_405_with_allow(endpoint: Endpoint) -> None:
    response = await endpoint.answer(Request("PUT", "/users/7"))
    assert (response.code, response.body) == (405, b"Method Not Allowed\n")
    assert headers(response)["Allow"] == "GET, OPTIONS"
    assert (await endpoint.answer(Request("HEAD", "/logger"))).code == 405


async def test_options_tells_what_is_allowed(endpoint: Endpoint) -> None:
    response = await endpoint.answer(Request("OPTIONS", "/logger"))
    assert (response.code, response.body) == (200, b"")
    assert headers(response)["Allow"] == "DELETE, GET, OPTIONS, PATCH, POST, PUT"
    everywhere = await endpoint.answer(Request("OPTIONS", "*"))
    assert headers(everywhere)["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


@pytest.mark.parametrize(("method", "code"), [("GET", 301), ("POST", 307)])
async def test_a_path_written_another_way_is_redirected_with_its_query(
    endpoint: Endpoint, method: str, code: int
) -> None:
    response = await endpoint.answer(Request(method, "/LOGGER/", query=(("a", "1 2"), ("b", ""))))
    assert (response.code, headers(response)["Location"]) == (code, "/logger?a=1%202&b=")


async def test_a_redirect_never_leads_to_another_server(invoke: Recorder) -> None:
    log = make_log()[0]
    endpoint = Endpoint(
        [FunctionRoute(path, ("GET",), "x") for path in ("/:a/:b", "/x/", "//evil.org/")], invoke_http=invoke, log=log
    )
    for path in ("//evil.com/x/", "/\\evil.com/x/", "//evil.com//x", "//evil.org"):
        location = headers(await endpoint.answer(Request("GET", path))).get("Location", "/")
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))


async def test_every_answer_names_the_server_and_carries_the_request_id(endpoint: Endpoint, invoke: Recorder) -> None:
    for path in ("/logger", "/nothing", "/health", "/logger/"):
        response = await endpoint.answer(Request("GET", path, headers={"x-request-id": ("abc-1._Z",)}))
        assert headers(response)["Server"] == "tarmac"
        assert headers(response)["X-Request-Id"] == "abc-1._Z"
        assert "ETag" not in headers(response)


@pytest.mark.parametrize("given", [(), ("",), ("a b",), ("a" * 129,), ("x\ny",), ("one", "two"), ("é",)])
async def test_a_request_id_that_is_not_fit_for_logs_is_replaced(endpoint: Endpoint, given: tuple[str, ...]) -> None:
    first, second = [
        headers(await endpoint.answer(Request("GET", "/logger", headers={"x-request-id": given})))["X-Request-Id"]
        for _ in range(2)
    ]
    assert first not in given
    assert first != second
    assert len(first) == 24


async def test_a_body_without_a_type_is_sniffed_and_one_with_a_type_is_not(
    endpoint: Endpoint, invoke: Recorder
) -> None:
    invoke.result = Response(200, b'{"a":1}')
    assert headers(await endpoint.answer(Request("GET", "/logger")))["Content-Type"] == "text/plain; charset=utf-8"
    invoke.result = Response(200, b'{"a":1}', (("content-type", "application/json"),))
    assert headers(await endpoint.answer(Request("GET", "/logger")))["content-type"] == "application/json"
    invoke.result = Response(200)
    assert "Content-Type" not in headers(await endpoint.answer(Request("GET", "/logger")))


async def test_a_guest_sets_status_and_headers_but_not_the_framing(endpoint: Endpoint, invoke: Recorder) -> None:
    given = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Transfer-Encoding", "chunked"), ("server", "mine"))
    invoke.result = Response(201, b"x", given)
    response = await endpoint.answer(Request("GET", "/logger"))
    assert response.code == 201
    assert [value for name, value in response.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert "Transfer-Encoding" not in headers(response)
    assert "server" not in headers(response)


@pytest.mark.parametrize(
    "response",
    [
        Response(200, headers=(("A\r\nB", "x"),)),
        Response(200, headers=(("A", "x\r\nSet-Cookie: y"),)),
        Response(200, headers=(("A", "☃"),)),
        Response(99),
        Response(600),
    ],
)
async def test_a_header_or_status_that_http_cannot_carry_is_500(
    endpoint: Endpoint, invoke: Recorder, response: Response
) -> None:
    invoke.result = response
    assert (await endpoint.answer(Request("GET", "/logger"))).code == 500


async def test_a_status_without_a_body_has_none(endpoint: Endpoint, invoke: Recorder) -> None:
    invoke.result = Response(204, b"lost")
    assert (await endpoint.answer(Request("GET", "/logger"))).body == b""


async def test_a_body_over_the_limit_is_413_whatever_reads_the_sockets(endpoint: Endpoint, invoke: Recorder) -> None:
    assert (await endpoint.answer(Request("POST", "/logger", b"x" * 101))).code == 413
    assert invoke.calls == []


async def test_observers_hear_the_pattern_and_a_bounded_method(endpoint: Endpoint, events: list[Event]) -> None:
    await endpoint.answer(Request("GET", "/users/7", request_id="r"))
    await endpoint.answer(Request("MADEUP", "/users/7"))
    endpoint.refuse(431, "r3")
    heard = [(e.method, e.route, e.function, e.code) for e in events if isinstance(e, RequestFinished)]
    assert heard == [("GET", "/users/:id", "user", 200), ("OTHER", "", "", 405), ("", "", "", 431)]


async def test_a_client_that_left_is_told_to_observers_as_499(events: list[Event]) -> None:
    functions = Functions()
    endpoint = Endpoint(
        [FunctionRoute("/slow", ("GET",), "slow")],
        invoke_http=functions.invoke,
        log=make_log()[0],
        observe=events.append,
    )
    task = asyncio.create_task(endpoint.answer(Request("GET", "/slow")))
    await functions.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [e.code for e in events if isinstance(e, RequestFinished)] == [499]


async def test_metrics_is_200_and_empty_until_a_plugin_has_the_route(endpoint: Endpoint, invoke: Recorder) -> None:
    assert (await endpoint.answer(Request("GET", "/metrics"))).body == b""
    log = make_log()[0]
    spec = RouteSpec("GET", "/metrics", lambda _: Response(200, b"up 1\n"))
    taken = Endpoint(invoke_http=invoke, log=log, probes=Probes(log=log), plugin_routes=[spec])
    assert (await taken.answer(Request("GET", "/metrics"))).body == b"up 1\n"


async def test_a_plugins_route_may_answer_at_once_or_later(invoke: Recorder) -> None:
    async def later(_: Request) -> Response:
        await asyncio.sleep(0)
        return Response(200, b"later")

    specs = [RouteSpec("GET", "/now", lambda _: Response(200, b"now")), RouteSpec("GET", "/later", later)]
    endpoint = Endpoint(invoke_http=invoke, log=make_log()[0], plugin_routes=specs)
    assert [(await endpoint.answer(Request("GET", path))).body for path in ("/now", "/later")] == [b"now", b"later"]


async def test_an_admin_listener_takes_probes_and_admin_routes_from_the_public_one(invoke: Recorder) -> None:
    log = make_log()[0]
    specs = [
        RouteSpec("GET", "/metrics", lambda _: Response(200, b"m")),
        RouteSpec("GET", "/hello", lambda _: Response(200, b"h"), listener="public"),
    ]
    public, admin = make_endpoints(
        ROUTES, has_admin_listener=True, invoke_http=invoke, log=log, probes=Probes(log=log), plugin_routes=specs
    )
    assert admin is not None
    paths = ("/health", "/ready", "/metrics", "/hello", "/logger")
    assert [(await public.answer(Request("GET", path))).code for path in paths] == [404, 404, 404, 200, 200]
    assert [(await admin.answer(Request("GET", path))).code for path in paths] == [200, 200, 200, 404, 404]


def test_two_owners_of_one_path_are_refused(invoke: Recorder) -> None:
    log = make_log()[0]
    with pytest.raises(ValueError, match="GET /health is already taken"):
        Endpoint([FunctionRoute("/health", ("GET",), "x")], invoke_http=invoke, log=log, probes=Probes(log=log))

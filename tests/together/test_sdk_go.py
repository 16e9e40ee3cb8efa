"""Every package of the Go SDK, in a real function, against a running server with real plugins."""

import ssl
import time
from collections.abc import Callable, Iterator

import pytest
import trustme

from tests.together.server import Answer, Server, listening, write_manifest
from tests.together.web import Web, web_server

CONFIG = """
[stores.sessions]
capability = "kvstore"
backend = "memory"

[stores.reports]
capability = "sql"
backend = "sqlite"
"""
GRANTS = {
    "kvstore": {"stores": ["default", "sessions"]},
    "sql": {"stores": ["default", "reports"]},
    "httpclient": {"hosts": ["127.0.0.1"], "private": True, "insecure": True},
    "metrics": True,
    "function": ["shout"],
}
READER = {"kvstore": {"prefix": "mine/", "read_only": True}, "sql": {"read_only": True}}
Ask = Callable[..., str]


@pytest.fixture(scope="module", params=["in-memory", "lmdb"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with everything that the SDK has a package for, on each built-in store."""
    folder = tmp_path_factory.mktemp("sdk")
    functions = {
        "all": {"guest": "go-sdk", "grants": GRANTS},
        "reader": {"guest": "go-sdk", "grants": READER},
        "free": "go-sdk",
        "shout": "go-echo",
    }
    routes: list[dict[str, object]] = [
        {"type": "http", "path": f"/{name}", "methods": ["POST"], "function": name}
        for name in ("all", "reader", "free")
    ]
    routes += [{"type": "http", "path": "/items/:x", "methods": ["GET", "PUT"], "function": "all"}]
    routes += [{"type": "function", "function": name} for name in ("shout", "all")]
    write_manifest(folder, functions, routes)
    (folder / "config.toml").write_text(CONFIG + f'dsn = "{folder}/reports.db"\n')
    settings = {"APP_ENABLE_KVSTORE": "true", "APP_KVSTORE_TYPE": request.param, "APP_ENABLE_SQL": "true"}
    with listening(folder, "tarmac.json", "--config", "config.toml", **settings) as running:
        yield running


@pytest.fixture
def ask(server: Server) -> Ask:
    """Calls the function with a command and its arguments, one a line."""

    def call(*lines: str, function: str = "all") -> str:
        answer = server.ask("\n".join(lines).encode(), f"/{function}")
        assert answer.code == 200, answer.body
        return answer.body.decode()

    return call


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def test_values_are_stored_found_and_deleted(ask: Ask) -> None:
    assert ask("kv.set", "fruit", "pear") == ""
    assert ask("kv.get", "fruit") == "pear"
    assert ask("kv.set", "fruit", "") == ""
    assert ask("kv.get", "fruit") == ""
    assert ask("kv.delete", "fruit") == ask("kv.delete", "fruit") == ""
    assert ask("kv.get", "fruit") == "!kv.ErrKeyNotFound 404 Unable to fetch key nil value returned from database"


def test_a_key_with_a_lifetime_vanishes(ask: Ask) -> None:
    ask("kv.set", "brief", "x", "300")
    assert ask("kv.get", "brief") == "x"
    assert ask("kv.cas", "brief too", "-", "=x", "300") == "true"
    time.sleep(0.4)
    assert "kv.ErrKeyNotFound" in ask("kv.get", "brief")
    assert "kv.ErrKeyNotFound" in ask("kv.get", "brief too")


def test_a_swap_happens_only_on_the_expected_value(ask: Ask) -> None:
    assert ask("kv.cas", "swap", "-", "=a") == "true"
    assert ask("kv.cas", "swap", "-", "=b") == "false"
    assert ask("kv.cas", "swap", "=b", "=c") == "false"
    assert ask("kv.cas", "swap", "=a", "=") == "true"
    assert ask("kv.get", "swap") == ""
    assert ask("kv.cas", "swap", "=", "-") == "true"
    assert "kv.ErrKeyNotFound" in ask("kv.get", "swap")


def test_keys_are_scanned_by_prefix_over_many_pages(ask: Ask) -> None:
    wanted = [f"scan/{number:04}" for number in range(1_050)]
    for key in wanted:
        ask("kv.set", key, "x")
    assert sorted(ask("kv.scan", "scan/").split("\n")) == wanted
    assert ask("kv.scan", "scan/none") == ""
    assert set(wanted) < set(ask("kv.keys").split("\n")) | {""}


def test_a_page_goes_on_where_the_cursor_of_another_call_stopped(ask: Ask) -> None:
    for number in range(10):
        ask("kv.set", f"page/{number}", "x")
    found: list[str] = []
    cursor, pages = '""', 0
    while pages == 0 or cursor != '""':
        cursor, *keys = ask("kv.page", "page/", cursor, "4").split("\n")
        found += [key for key in keys if key]
        pages += 1
    assert sorted(found) == [f"page/{number}" for number in range(10)]
    assert pages >= 3


def test_a_namespace_is_another_store(ask: Ask) -> None:
    ask("kv.set", "where", "default")
    ask("kv.set@sessions", "where", "sessions")
    assert (ask("kv.get", "where"), ask("kv.get@sessions", "where")) == ("default", "sessions")
    assert ask("kv.get@nowhere", "where") == "!ErrHostCall host call failed: host error: callback not found"


def test_refusals_carry_the_hosts_status(ask: Ask) -> None:
    assert ask("kv.get", "other", function="reader").startswith("!ErrHostError 403 not granted: ")
    assert ask("kv.set", "mine/a", "x", function="reader").startswith("!ErrHostError 403 not granted: ")
    assert ask("kv.get", "k" * 32_769) == "!ErrHostResponseInvalid 400 key is longer than 32768 bytes"
    assert ask("kv.get", "") == "!kv.ErrInvalidKey key is invalid"
    assert ask("sql.exec", "DELETE FROM a", function="reader").startswith("!ErrHostError 403 not granted: ")
    assert ask("http.get", "http://127.0.0.1:1/", function="reader").startswith("!ErrHostError 403 not granted: ")


def test_values_come_back_from_the_database_as_they_went_in(ask: Ask) -> None:
    table = "CREATE TABLE IF NOT EXISTS v (t TEXT, i INTEGER, f REAL, b BOOLEAN, x BLOB)"
    assert not ask("sql.exec", table).startswith("!")
    insert = "INSERT INTO v VALUES (?, ?, ?, ?, ?)"
    assert (
        ask("sql.exec", insert, "t:Zürich 'x' -- \\ 🛫", "i:-9223372036854775808", "f:1.5", "b:true", "x:\x00ÿ")
        == "1 1"
    )
    assert ask("sql.exec", insert, "n:", "n:", "n:", "n:", "n:") == "2 1"
    assert ask("sql.exec", insert, "t:", "i:0", "f:-0.25", "b:false", "x:") == "3 1"
    assert ask("sql.scan", "tifbx", "SELECT * FROM v ORDER BY rowid").split("\n") == [
        '"Zürich \'x\' -- \\\\ 🛫" -9223372036854775808 1.5 true "\\x00\\u00ff"',
        '"" 0 0 false ""',
        '"" 0 -0.25 false ""',
    ]
    assert ask("sql.query", "SELECT i, t FROM v WHERE i = ?", "i:0") == 'i t\n[{"i":0,"t":""}]'
    assert ask("sql.scan", "t", "SELECT t FROM v WHERE t = ?", "t:x' OR '1'='1") == ""


def test_statements_that_fail_carry_the_hosts_status(ask: Ask) -> None:
    assert ask("sql.query", "SELECT * FROM nowhere").startswith("!ErrHostError 500 Unable to execute query - ")
    assert ask("sql.exec", "INSERT INTO nowhere VALUES (1)").startswith("!ErrHostError 500 ")
    assert ask("sql.query", " ") == "!sql.ErrInvalidQuery query is invalid"
    wrong = ask("sql.scan", "i", "SELECT 'x' AS a")
    assert wrong.startswith("!sql.ErrUnmarshalResponse ")
    assert wrong.endswith('column 1: "x" is no whole number of 64 bits')


def test_a_namespace_is_another_database(ask: Ask) -> None:
    ask("sql.exec@reports", "CREATE TABLE only_here (a)")
    assert ask("sql.query@reports", "SELECT a FROM only_here") == "a\n[]"
    assert "ErrHostError 500" in ask("sql.query", "SELECT a FROM only_here")


def test_each_form_of_request_reaches_the_server_and_its_answer_the_function(ask: Ask, web: Web) -> None:
    assert ask("http.get", f"{web.url}/a?b=c") == "200|OK|text/plain|a+b|false|GET "
    assert ask("http.delete", f"{web.url}/404") == "404|Not Found|text/plain|a+b|false|DELETE "
    assert ask("http.post", f"{web.url}/201", "application/json", "{}") == "201|Created|text/plain|a+b|false|POST {}"
    assert ask("http.put", f"{web.url}/500", "", "x") == "500|Internal Server Error|text/plain|a+b|false|PUT x"
    assert [(one.method, one.path, one.body) for one in web.asked] == [
        ("GET", "/a?b=c", b""),
        ("DELETE", "/404", b""),
        ("POST", "/201", b"{}"),
        ("PUT", "/500", b"x"),
    ]
    assert web.asked[2].headers["Content-Type"] == "application/json"
    assert "Content-Type" not in web.asked[3].headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_do_sends_any_method_with_its_headers(ask: Ask, web: Web, method: str) -> None:
    body = "" if method in {"HEAD", "TRACE"} else "body"
    answer = ask("http.do", method, f"{web.url}/", body, "x-one: 1", "X-Two: a", "x-two: b")
    assert answer == f"200|OK|text/plain|a+b|false|{'' if method == 'HEAD' else f'{method} {body}'}"
    (asked,) = web.asked
    assert (asked.method, asked.body, asked.headers["X-One"]) == (method, body.encode(), "1")


def test_requests_that_get_no_answer_say_why(ask: Ask) -> None:
    assert ask("http.get", "no url") == "!httpclient.ErrInvalidURL invalid URL provided"
    assert ask("http.do", "FETCH", "http://127.0.0.1/", "") == "!httpclient.ErrInvalidMethod invalid HTTP method"
    assert ask("http.get", "http://127.0.0.1:1/").startswith("!ErrHostError 500 Unable to execute HTTP request - Get")
    assert ask("http.get", "http://a%zz/").startswith("!ErrHost")
    assert ask("http.get", "http://example.com/").startswith("!ErrHostError 403 not granted: host ")


def test_any_certificate_is_accepted_only_when_asked_for(ask: Ask) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with web_server(context) as web:
        assert "tls: failed to verify certificate" in ask("http.get", web.url)
        assert ask("http.get", web.url, "insecure").startswith("200|OK|")


def test_metrics_are_on_prometheus_page(ask: Ask, server: Server) -> None:
    lines = ("counter sdk_count", "counter sdk_count", "inc sdk_level", "inc sdk_level", "dec sdk_level")
    assert ask("metrics", *lines, "observe sdk_size 1.5", "observe sdk_size -0.5") == ""
    page = server.ask(path="/metrics", method="GET").body.decode().splitlines()
    assert {"sdk_count 2.0", "sdk_level 1.0", "sdk_size_sum 1.0", "sdk_size_count 2.0"} <= set(page)


def test_metrics_that_the_host_refuses_are_told_to_who_asks(ask: Ask) -> None:
    assert ask("metrics", "counter sdk_other", "inc sdk_other") == (
        "!ErrHostCall host call failed: host error: metric name in use"
    )
    assert ask("metrics", "observe sdk_nan NaN").endswith("host error: invalid value: it must be finite")
    assert ask("metrics", "counter not-a-name") == "!metrics.ErrInvalidMetricName metric name is invalid"


def test_lines_are_logged_at_their_levels(ask: Ask, server: Server) -> None:
    assert ask("log", "hello from the SDK") == ""
    server.wait_for("hello from the SDK")
    ask("log", "and again")
    server.wait_for("and again")
    levels = [line["level"] for line in server.logged if line["msg"] == "hello from the SDK"]
    assert levels == ["INFO", "WARN", "ERROR"]


def test_functions_call_others(ask: Ask) -> None:
    assert ask("call", "shout", "two", "lines") == "two\nlines"
    assert ask("call", "") == "!function.ErrInvalidFunctionName function name is invalid"
    assert ask("call", "all", "x").startswith("!ErrHostCall host call failed: host error: not granted: ")
    assert ask("call", "nobody", function="free") == "!ErrHostCall host call failed: host error: callback not found"


def test_the_request_is_read_and_the_response_shaped(server: Server) -> None:
    answer = server.ask("request", "/items/7?q=1&q=2", "PUT", X="head")
    assert answer.body == b"PUT|/items/:x|7|q=1|q=2|head"
    shaped: Answer = server.ask("respond\n404\nX-Tea\ngreen", "/items/7", "PUT")
    assert (shaped.code, shaped.headers["X-Tea"]) == (404, "green")


def test_a_callee_answers_no_request(ask: Ask) -> None:
    assert ask("call", "all", "request", function="free") == (
        "!exchange.ErrNoExchange 404 function all does not answer an HTTP request here"
    )

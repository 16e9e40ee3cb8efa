"""Requests to real guests: what they get, what they break, and that the next one does not notice."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.together.server import Answer, Server, listening, write_manifest

ENDED = b"failed to execute wasm module - the function ended abnormally"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all that leaves no traces."""
    folder = tmp_path_factory.mktemp("calls")
    functions = {
        "echo": "go-echo",
        "misc": "go-misc",
        "single": {"guest": "go-misc", "pool_size": 1, "timeout_ms": 500, "queue_length": 2},
        "small": {"guest": "go-misc", "memory_bytes": 16 << 20},
        "brief": {"guest": "go-misc", "cpu_ms": 100},
        "caller": "go-caller",
    }
    routes: list[dict[str, object]] = [
        {"type": "http", "path": f"/{name}", "methods": ["GET", "POST", "put"], "function": name} for name in functions
    ]
    routes += [{"type": "function", "function": name} for name in ("echo", "misc", "caller")]
    routes += [{"type": "http", "path": "/users/:id", "methods": ["POST"], "function": "misc"}]
    write_manifest(folder, functions, routes)
    with listening(folder, "tarmac.json", APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="in-memory") as running:
        yield running


@pytest.mark.parametrize("size", [0, 1, 100, 65_536, 5_000_000])
def test_bodies_are_byte_exact(server: Server, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    assert server.ask(body, "/echo").body == body


@pytest.mark.parametrize("command", ["trap", "exit 3", "exit 0", "panic oh"])
def test_a_guest_that_breaks_hurts_only_its_own_call(server: Server, command: str) -> None:
    for _ in range(3):
        answer = server.ask(command, "/single")
        assert (answer.code, answer.body) == (500, ENDED)
        assert server.ask("calls", "/single").body == b"1"


def test_a_guests_own_error_is_shown_and_its_instance_stays(server: Server) -> None:
    server.ask("trap", "/single")
    server.ask("calls", "/single")
    answer = server.ask("error out of coffee", "/single")
    assert (answer.code, answer.body) == (500, b"failed to execute wasm module - out of coffee")
    assert server.ask("calls", "/single").body == b"3"


def test_an_endless_loop_ends_at_the_time_limit(server: Server) -> None:
    began_s = time.monotonic()
    answer = server.ask("loop", "/single")
    assert (answer.code, answer.body) == (504, b"failed to execute wasm module - the time limit has passed")
    assert 0.4 < time.monotonic() - began_s < 3


def test_an_endless_loop_ends_at_the_cpu_limit(server: Server) -> None:
    assert server.ask("loop", "/brief").code == 500


def test_a_memory_eater_ends_at_its_limit(server: Server) -> None:
    assert (server.ask("eat", "/small").code, server.ask("calls", "/small").body) == (500, b"1")


def test_a_flood_of_host_calls_is_answered(server: Server) -> None:
    assert server.ask("flood 20000", "/misc").body == b"20000"


def test_a_guest_reads_its_request_and_sets_the_answer(server: Server) -> None:
    told = server.ask("request", "/users/a%20b?q=1&q=2", **{"X-Test": "yes"}).body.decode().splitlines()
    assert {"method=POST", "path=/users/a b", "route=/users/:id", "parameter id=a b"} <= set(told)
    assert {"query q=1", "query q=2", "header x-test=yes"} <= set(told)
    answer = server.ask("respond 418 X-Tea yes", "/misc")
    assert (answer.code, answer.headers["X-Tea"]) == (418, "yes")


def test_a_function_that_fails_sets_nothing(server: Server) -> None:
    assert server.ask("respond 99", "/misc").code == 500


def test_functions_call_functions(server: Server) -> None:
    assert server.ask("echo\nhello", "/caller").body == b"hello"
    assert server.ask("caller\ncaller\necho\nhello", "/caller").body == b"hello"


def test_a_callee_has_no_request(server: Server) -> None:
    answer = server.ask("misc\nrequest", "/caller")
    assert answer.code == 500
    assert b"does not answer an HTTP request" in answer.body


def test_nesting_past_the_limit_is_told(server: Server) -> None:
    answer = server.ask("caller\n" * 17 + "echo\nhello", "/caller")
    assert answer.code == 500
    assert b"nested deeper than 16" in answer.body


def test_a_function_without_a_route_of_type_function_cannot_be_called(server: Server) -> None:
    answer = server.ask("single\ncalls", "/caller")
    assert answer.code == 500
    assert b"callback not found" in answer.body


def test_two_bodies_at_once_on_one_instance_do_not_mix(server: Server) -> None:
    answers: dict[str, Answer] = {}

    def ask(name: str) -> None:
        answers[name] = server.ask(f"error {name * 1000}", "/single")

    threads = [threading.Thread(target=ask, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in "ab":
        assert answers[name].body == b"failed to execute wasm module - " + name.encode() * 1000


def test_a_full_queue_is_busy(server: Server) -> None:
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(server.ask("sleep 300", "/single"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.code for answer in answers)
    assert codes.count(503) == 5
    busy = next(answer for answer in answers if answer.code == 503)
    assert busy.headers["Retry-After"]
    assert server.ask("error still here", "/single").body.endswith(b"still here")


def test_a_client_that_leaves_gives_the_instance_back(server: Server) -> None:
    with server.half_asked(b"sleep 60000", "/single"):
        time.sleep(0.1)
    began_s = time.monotonic()
    assert server.ask("calls", "/single").body == b"1"
    assert time.monotonic() - began_s < 0.4


def test_requests_go_on_beside_one_that_computes(server: Server) -> None:
    with server.half_asked(b"loop", "/single"):
        began_s = time.monotonic()
        assert server.ask("x", "/echo").body == b"x"
        assert time.monotonic() - began_s < 0.3


def test_what_a_guest_writes_is_logged_with_its_name(server: Server) -> None:
    server.ask("log warn careful", "/misc", **{"X-Request-Id": "my-id.1"})
    line = server.wait_for("careful")
    assert (line["level"], line["function"], line["service"], line["request_id"]) == ("WARN", "misc", "test", "my-id.1")
    server.ask("print to stdout", "/misc")
    line = server.wait_for("to stdout")
    assert (line["function"], line["stream"]) == ("misc", "stdout")


def test_a_missing_key_is_a_status_for_the_guest(server: Server) -> None:
    assert server.ask("get nothing-there", "/misc").body.startswith(b"404 ")


def test_every_answer_carries_a_request_id(server: Server) -> None:
    assert server.ask("x", "/echo", **{"X-Request-Id": "abc"}).headers["X-Request-Id"] == "abc"
    assert len(server.ask("x", "/echo").headers["X-Request-Id"]) >= 16


def test_probes_answer(server: Server) -> None:
    assert server.ask(path="/health", method="GET").code == 200
    answer = server.ask(path="/ready?verbose", method="GET")
    assert (answer.code, json.loads(answer.body)["ok"]) == (200, True)


@pytest.mark.parametrize("language", ["go", "rust", "zig", "assemblyscript"])
def test_guests_of_every_language_echo_and_use_the_store(tmp_path: Path, language: str) -> None:
    write_manifest(tmp_path, {"echo": f"{language}-echo", "tac": f"{language}-tac", "counter": f"{language}-counter"})
    with listening(tmp_path, "tarmac.json", APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="in-memory") as server:
        assert server.ask("hello", "/echo").body == b"hello"
        for _ in range(2):
            assert server.ask("Tarmac Example", "/tac").body == b"elpmaxE camraT"
        counted = [server.ask("", "/counter").body for _ in range(3)]
        assert counted == [b"1", b"2", b"3"]
        assert server.stop() == 0

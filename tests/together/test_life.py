"""Starting, stopping, jobs and schedules of a real server."""

import http.client
import json
import signal
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.together.server import Server, listening, serve, write_manifest

MEMORY = {"APP_ENABLE_KVSTORE": "true", "APP_KVSTORE_TYPE": "in-memory"}


def route(kind: str, function: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "function": function, **more}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_slow_request_finish_and_ends_with_0(tmp_path: Path, number: int) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"})
    with listening(tmp_path, "tarmac.json") as server, server.half_asked(b"sleep 1000", "/misc") as client:
        time.sleep(0.3)
        server.process.send_signal(number)
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert server.ended() == 0
    assert {"msg": "Received shutdown signal", "signal": int(number)}.items() <= server.logged[-1].items()


def test_a_second_signal_ends_at_once_with_1(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"})
    with listening(tmp_path, "tarmac.json") as server, server.half_asked(b"sleep 20000", "/misc"):
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("Received shutdown signal")
        time.sleep(0.2)
        began_s = time.monotonic()
        assert server.stop() == 1
        assert time.monotonic() - began_s < 2


def test_two_signals_that_come_together_are_one(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"})
    with listening(tmp_path, "tarmac.json") as server, server.half_asked(b"sleep 1000", "/misc") as client:
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
        server.process.send_signal(signal.SIGINT)
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert server.ended() == 0


def test_requests_that_do_not_finish_in_time_are_cut(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"})
    with (
        listening(tmp_path, "tarmac.json", APP_SHUTDOWN_TIMEOUT_S="0.3") as server,
        server.half_asked(b"sleep 20000", "/misc"),
    ):
        time.sleep(0.3)
        began_s = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began_s < 5


def test_a_signal_during_a_slow_init_function_ends_the_start(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"tac": "go-misc"}, [route("init", "tac", retries=1000, frequency=30)])
    with serve(tmp_path, "tarmac.json") as server:
        server.wait_for("Executing Init Function")
        began_s = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began_s < 3
    assert "Starting HTTP Listener" not in server.messages


def test_a_signal_while_modules_are_compiled_ends_the_start(tmp_path: Path) -> None:
    write_manifest(tmp_path, {name: f"go-{name}" for name in ("echo", "tac", "counter", "caller", "misc")})
    with serve(tmp_path, "tarmac.json", APP_CACHE_DIR=str(tmp_path / "cache")) as server:
        time.sleep(1.2)
        began_s = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began_s < 5
    assert server.logged == []


def test_init_functions_have_run_before_the_first_request(tmp_path: Path) -> None:
    routes = [
        route("init", "counter"),
        route("init", "counter"),
        route("http", "counter", path="/", methods=["POST"]),
    ]
    write_manifest(tmp_path, {"counter": "go-counter"}, routes)
    with listening(tmp_path, "tarmac.json", **MEMORY) as server:
        assert server.ask().body == b"3"


def test_an_init_function_that_fails_ends_the_start_with_1(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"}, [route("init", "misc")])
    with serve(tmp_path, "tarmac.json") as server:
        assert server.ended() == 1
    assert "init function misc exceeded retries" in server.stderr


def test_a_schedule_runs_while_the_server_does(tmp_path: Path) -> None:
    routes = [
        route("scheduled_task", "counter", frequency=1),
        route("http", "counter", path="/", methods=["POST"]),
    ]
    write_manifest(tmp_path, {"counter": "go-counter"}, routes)
    with listening(tmp_path, "tarmac.json", **MEMORY) as server:
        time.sleep(2.5)
        assert int(server.ask().body) in (2, 3, 4)
        assert server.stop() == 0


def job(folder: Path, *arguments: str, **environ: str) -> Server:
    return Server(folder, ("serve", *arguments), {"APP_RUN_MODE": "job", **environ})


def test_a_job_needs_no_certificates_and_ends_with_0(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"counter": "go-counter"}, [route("init", "counter")])
    with job(tmp_path, "tarmac.json", **MEMORY) as server:
        assert server.ended() == 0
    assert "Run mode is job, exiting after init function execution" in server.messages
    assert "Starting HTTP Listener" not in server.messages


def test_a_job_that_fails_ends_with_1(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"}, [route("init", "misc")])
    with job(tmp_path, "tarmac.json") as server:
        assert server.ended() == 1


def test_an_interrupted_job_ends_with_1(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"}, [route("init", "misc", retries=1000, frequency=30)])
    with job(tmp_path, "tarmac.json") as server:
        server.wait_for("Executing Init Function")
        assert server.stop() == 1


def test_a_single_function_is_served_on_the_root_and_said_in_one_line(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    with listening(tmp_path, "go-echo.wasm") as server:
        for method in ("POST", "PUT", "DELETE"):
            assert server.ask("x", method=method).body == b"x"
        assert server.ask(method="GET").code == 200
        assert server.ask("x", method="PATCH").code == 405
    assert server.messages.count("Serving a single function") == 1


def test_a_single_function_can_be_a_job(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    with job(tmp_path, "go-echo.wasm") as server:
        assert server.ended() == 0


def test_maintenance_mode_makes_it_unready(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    with listening(tmp_path, "tarmac.json", APP_ENABLE_MAINTENANCE_MODE="true") as server:
        assert server.ask(path="/health", method="GET").code == 200
        assert server.ask(path="/ready", method="GET").code == 503
        assert server.ask("x", "/echo").body == b"x"


def test_a_port_in_use_is_told_with_its_address(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Server(tmp_path, ("serve", "tarmac.json", "--no-tls", "--listen", f"127.0.0.1:{port}")) as server:
            assert server.ended() == 1
    assert f"error: cannot listen on 127.0.0.1:{port}: address already in use" in server.stderr
    assert "Traceback" not in server.stderr


def test_log_lines_tell_the_start_in_order(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    with listening(tmp_path, "tarmac.json", **MEMORY) as server:
        assert server.stop() == 0
    assert server.messages == [
        "Starting Tarmac",
        "Loading Services from wasm_function_config",
        "Connecting to KV Store",
        "SQL DB not configured, skipping",
        "Loading Functions from Service",
        "Loaded Function for Service",
        "Registering Routes from Service",
        "Registering Route for function",
        "Loaded Functions and Routes",
        "Starting HTTP Listener",
        "Received shutdown signal",
    ]
    first = server.logged[0]
    assert {"run_mode": "daemon", "enable_kvstore": True, "enable_tls": False}.items() <= first.items()
    assert first["time"].endswith("Z")


def test_log_lines_are_utf_8_in_any_locale(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"misc": "go-misc"})
    with listening(tmp_path, "tarmac.json", PYTHONIOENCODING="ascii") as server:
        server.ask("log info grün €".encode(), "/misc")
        assert server.wait_for("grün €")["function"] == "misc"
        assert server.stop() == 0
    assert server.stderr == ""


@pytest.mark.parametrize(("variable", "expected"), [("APP_DEBUG", True), ("APP_FROM_CONSUL", False)])
def test_debug_writes_a_line_for_each_request_call_and_host_call(tmp_path: Path, variable: str, expected: bool) -> None:
    write_manifest(tmp_path, {"counter": "go-counter"})
    with listening(tmp_path, "tarmac.json", **{variable: "true"}, **MEMORY) as server:
        server.ask("", "/counter")
        assert server.stop() == 0
    told = {"HTTP Request complete", "WASM Module Executed", "Callback returned result"}
    assert told.issubset(server.messages) is expected
    assert server.messages.count("HTTP Request complete") == int(expected)


def test_nothing_is_logged_when_logging_is_off(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"counter": "go-counter"}, [route("init", "counter")])
    with job(tmp_path, "tarmac.json", APP_DISABLE_LOGGING="true", **MEMORY) as server:
        assert server.ended() == 0
    assert server.logged == []


def test_an_admin_listener_takes_the_probes(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with listening(tmp_path, "tarmac.json", APP_ADMIN_LISTEN_ADDR=f"127.0.0.1:{port}") as server:
        assert server.ask(path="/health", method="GET").code == 404
        server.port = port
        assert server.ask(path="/health", method="GET").code == 200
        assert server.ask(path="/ready?verbose", method="GET").body == json.dumps({"ok": True, "problems": {}}).encode()


def test_nothing_is_loaded_that_configuration_does_not_use(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    for environ, expected in (({}, False), ({"APP_ENABLE_KVSTORE": "true"}, True)):
        with listening(tmp_path, "tarmac.json", **environ) as server:
            assert server.ask("x", "/echo").body == b"x"
            mapped = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
        assert ("lmdb" in mapped, "_upb" in mapped) == (expected, expected)


def test_https_is_served_with_the_certificates_of_the_settings(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    environ = {"APP_CERT_FILE": "cert.pem", "APP_KEY_FILE": "key.pem"}
    with Server(tmp_path, ("serve", "tarmac.json", "--listen", "localhost:0"), environ) as server:
        port = int(server.wait_for("Starting HTTP Listener")["port"])
        connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
        connection.request("POST", "/echo", b"secret")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"secret")
        connection.close()
        assert server.stop() == 0

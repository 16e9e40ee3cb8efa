"""A whole server, with a real function, whose settings are in Consul."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.services.consul import ConsulServer
from tests.together.server import listening, serve, write_manifest

KEY = "tarmac/config"


@pytest.fixture
def server() -> Iterator[ConsulServer]:
    with ConsulServer() as server:
        yield server


@pytest.fixture
def guarded_server() -> Iterator[ConsulServer]:
    """It shows nothing without a token."""
    with ConsulServer(acl=True) as server:
        yield server


def variables(server: ConsulServer, **more: str) -> dict[str, str]:
    named = {"use_consul": "true", "consul_addr": server.address, "consul_keys_prefix": KEY, **more}
    return {f"APP_{name.upper()}": text for name, text in named.items()}


def command(folder: Path, environ: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """One run of `tarmac` in the folder."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("APP_", "CONSUL_"))}
    program = [sys.executable, "-m", "tarmac_core", *arguments]
    return subprocess.run(
        program, cwd=folder, env={**kept, **environ}, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_function_uses_the_store_that_consul_turns_on_and_debug_follows(server: ConsulServer, tmp_path: Path) -> None:
    write_manifest(tmp_path, {"counter": "go-counter"})
    server.put(KEY, {"enable_kvstore": True, "kvstore": {"type": "memory"}, "wasm_function_config": "tarmac.json"})
    with listening(tmp_path, **variables(server)) as tarmac:
        assert tarmac.ask("", "/counter").body == b"1"
        server.put(KEY, {"debug": True, "enable_kvstore": True, "kvstore": {"type": "lmdb"}, "max_call_depth": 4})
        line = tarmac.wait_for("Settings changed that need a restart")
        assert (line["level"], line["keys"]) == ("WARN", ["kvstore_type", "max_call_depth", "wasm_function_config"])
        assert tarmac.wait_for("Settings changed")["keys"] == ["debug"]
        assert tarmac.ask("", "/counter").body == b"2"
        tarmac.wait_for("HTTP Request complete")
        server.put(KEY, '{"enable_maintenance_mode": "perhaps"}')
        wrong = f"enable_maintenance_mode from consul {server.address} {KEY}: 'perhaps' is not a bool"
        while not any(wrong in message for message in tarmac.messages):
            tarmac.logged.append(tarmac._news.get(timeout=10) or {"msg": "ended"})
        assert tarmac.ask("", "/counter").body == b"3"
        assert tarmac.stop() == 0
    assert "Traceback" not in tarmac.stderr


def test_a_killed_and_restarted_consul_is_followed_again_while_functions_answer(
    server: ConsulServer, tmp_path: Path
) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    server.put(KEY, {"debug": False})
    with listening(tmp_path, "tarmac.json", **variables(server, consul_watch_interval="1")) as tarmac:
        server.kill()
        for _ in range(20):
            assert tarmac.ask("x", "/echo").body == b"x"
        server.start()
        server.put(KEY, {"enable_maintenance_mode": True})
        assert tarmac.wait_for("Settings changed")["keys"] == ["enable_maintenance_mode"]
        assert tarmac.ask(path="/ready", method="GET").code == 503
        server.kill()
        assert tarmac.stop() == 0
    assert any(message.startswith("The last settings stay: ") for message in tarmac.messages)


def test_a_start_without_consul_uses_the_last_value_or_says_what_is_missing(
    server: ConsulServer, tmp_path: Path
) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    server.put(KEY, {"max_call_depth": 7, "redis": {"password": "hunter2"}})
    environ = variables(server)
    with listening(tmp_path, "tarmac.json", **environ) as tarmac:
        assert tarmac.stop() == 0
    server.kill()
    with listening(tmp_path, "tarmac.json", **environ) as tarmac:
        assert tarmac.ask("x", "/echo").body == b"x"
        assert tarmac.stop() == 0
    assert any("are used, for Consul is away: " in message for message in tarmac.messages)
    (cached,) = (tmp_path / "data").glob("consul-*.json")
    assert cached.stat().st_mode & 0o777 == 0o600
    cached.unlink()
    with serve(tmp_path, "tarmac.json", **environ) as tarmac:
        assert tarmac.ended() == 1
    expected = (
        f"error: config source consul: open failed: consul_addr {server.address}, key {KEY}: nothing listens there"
    )
    assert expected in tarmac.stderr
    assert "Traceback" not in tarmac.stderr
    assert "hunter2" not in tarmac.stderr + json.dumps(tarmac.logged)


def test_a_hung_consul_ends_the_start_within_its_limit(server: ConsulServer, tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    server.pause()
    began_s = time.monotonic()
    with serve(tmp_path, "tarmac.json", **variables(server, consul_timeout="1")) as tarmac:
        assert tarmac.ended() == 1
    server.resume()
    assert time.monotonic() - began_s < 10
    assert "no answer within 1 s (consul_timeout)" in tarmac.stderr


def test_show_and_check_ask_consul_and_name_it_as_the_source(guarded_server: ConsulServer, tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    token = guarded_server.token_for(KEY)
    (tmp_path / "token").write_text(token)
    reference = "${file:token}"
    environ = variables(guarded_server, consul_token=reference, wasm_function_config="tarmac.json", enable_tls="false")
    guarded_server.put(KEY, {"max_call_depth": 7, "enable_kvstore": True, "kvstore_type": "lmdb", "debug": True})
    shown = command(tmp_path, environ, "config", "show", "--json")
    rows = {row["key"]: row for row in json.loads(shown.stdout)}
    place = f"consul {guarded_server.address} {KEY}"
    assert (rows["max_call_depth"]["value"], rows["max_call_depth"]["source"]) == (7, place)
    assert rows["lmdb_filename"]["source"] == "default"
    assert rows["consul_token"]["value"] == reference
    assert (shown.returncode, shown.stderr) == (0, "")
    checked = command(tmp_path, environ, "check")
    assert (checked.returncode, checked.stderr) == (0, "")

    guarded_server.put(
        KEY, {"max_call_depth": "deep", "kvstore_typ": "lmdb", "run_mode": "dae", "Debug": 1, "debug": 1}
    )
    for arguments in (("config", "show"), ("check",), ("serve",)):
        wrong = command(tmp_path, environ, *arguments)
        output = wrong.stderr + wrong.stdout
        assert wrong.returncode == 2
        assert f"error: max_call_depth from {place}: 'deep' is not a whole number" in output
        assert f"error: run_mode from {place}: " in output
        assert f"error: debug from {place}: debug is given 2 times" in output
        assert f"kvstore_typ from {place}: no such setting, so it has no effect (did you mean kvstore_type?)" in output
        assert token not in output

    guarded_server.take_away(token)
    for arguments in (("config", "show"), ("check",), ("serve",)):
        refused = command(tmp_path, environ, *arguments)
        assert refused.returncode == 1
        assert f"error: config source consul: open failed: consul_addr {guarded_server.address}" in refused.stderr
        assert "may not be read: " in refused.stderr
        assert token not in refused.stderr + refused.stdout


def test_settings_of_consul_itself_are_checked_with_the_others(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    environ = {
        "APP_USE_CONSUL": "true",
        "APP_CONSUL_ADDR": "a b",
        "APP_DEBUG": "perhaps",
        "APP_CONSUL_TOKEN": "hunter2 x",
    }
    for arguments in (("config", "show"), ("check",), ("serve",)):
        wrong = command(tmp_path, environ, *arguments)
        assert wrong.returncode == 2
        assert "error: consul_addr from APP_CONSUL_ADDR (environment): 'a b' is not host:port" in wrong.stderr
        assert "error: consul_keys_prefix: is required" in wrong.stderr
        assert "error: consul_token from APP_CONSUL_TOKEN (environment): is not valid" in wrong.stderr
        assert "error: debug from APP_DEBUG (environment): 'perhaps' is not a bool" in wrong.stderr
        assert "hunter2" not in wrong.stderr + wrong.stdout

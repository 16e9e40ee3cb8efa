"""What is wrong at the start: all of it is told, in words, and the exit code is 2."""

from pathlib import Path

import pytest
import wasmtime

from tests.together.server import WASM, Server, serve, write_manifest


def failed(server: Server, code: int = 2) -> str:
    """Errors of a start that failed."""
    with server:
        assert server.ended() == code, server.stderr
    assert "Traceback" not in server.stderr
    return server.stderr


BROKEN = {
    "empty": (b"", "empty"),
    "truncated": ((WASM / "zig-echo.wasm").read_bytes()[:500], ""),
    "text": (b"hello, I am no module", ""),
    "no_entry": (bytes(wasmtime.wat2wasm('(module (memory (export "memory") 1))')), "__guest_call"),
    "wrong_entry": (
        bytes(wasmtime.wat2wasm('(module (memory (export "memory") 1) (func (export "__guest_call") (param i32)))')),
        "__guest_call",
    ),
    "unknown_import": (
        bytes(
            wasmtime.wat2wasm(
                '(module (import "env" "frobnicate" (func)) (memory (export "memory") 1)'
                ' (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))'
            )
        ),
        "frobnicate",
    ),
    "wrong_import": (
        bytes(
            wasmtime.wat2wasm(
                '(module (import "wapc" "__host_call" (func (param i32) (result i32))) (memory (export "memory") 1)'
                ' (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))'
            )
        ),
        "__host_call",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_module_that_is_none_is_named_with_its_fault(tmp_path: Path, name: str) -> None:
    content, word = BROKEN[name]
    (tmp_path / "broken.wasm").write_bytes(content)
    write_manifest(tmp_path, {"f": {"filepath": "broken.wasm"}})
    told = failed(serve(tmp_path, "tarmac.json"))
    assert "error: function f (" in told
    assert "broken.wasm" in told
    assert word in told


def test_all_broken_modules_and_settings_are_told_together(tmp_path: Path) -> None:
    functions: dict[str, object] = {}
    for name, (content, _) in BROKEN.items():
        (tmp_path / f"{name}.wasm").write_bytes(content)
        functions[name] = {"filepath": f"{name}.wasm"}
    write_manifest(tmp_path, functions)
    told = failed(serve(tmp_path, "tarmac.json", APP_ENABLE_QUEUE="true", APP_MAX_CALL_DEPTH="many"))
    assert "enable_queue" in told
    assert "install the package that provides it" in told
    assert "max_call_depth" in told
    without_settings = failed(serve(tmp_path, "tarmac.json", APP_ENABLE_QUEUE="true"))
    assert without_settings.count("error: function ") == len(BROKEN)
    assert "enable_queue" in without_settings


def test_a_missing_module_is_told_with_its_path(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"f": {"filepath": "not-there.wasm"}})
    assert "not-there.wasm" in failed(serve(tmp_path, "tarmac.json"))


def test_a_missing_manifest_that_was_named_is_an_error(tmp_path: Path) -> None:
    told = failed(serve(tmp_path, "other.json"))
    assert "other.json" in told
    assert "missing" in told


def test_a_manifest_that_cannot_be_read_is_told_with_its_position(tmp_path: Path) -> None:
    (tmp_path / "tarmac.json").write_text('{"services": {\n  oops}}')
    told = failed(serve(tmp_path, "tarmac.json"))
    assert "tarmac.json line 2" in told


def test_every_fault_of_a_manifest_is_told(tmp_path: Path) -> None:
    routes: list[dict[str, object]] = [
        {"type": "http", "path": "/f", "methods": ["GET"], "function": "nobody"},
        {"type": "http", "path": "/health", "methods": ["GET"], "function": "f"},
        {"type": "carrier_pigeon", "function": "f"},
    ]
    write_manifest(tmp_path, {"f": "go-echo"}, routes)
    told = failed(serve(tmp_path, "tarmac.json"))
    assert "nobody" in told
    assert "/health" in told
    assert "carrier_pigeon" in told


def test_a_bare_serve_names_the_certificates_and_both_places_of_functions(tmp_path: Path) -> None:
    told = failed(Server(tmp_path, ()))
    assert "/certs/cert.crt" in told
    assert "APP_ENABLE_TLS=false" in told
    assert "/functions/tarmac.json" in told
    assert "/functions/tarmac.wasm" in told


def test_a_backend_that_nobody_installed_is_told_with_those_installed(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"f": "go-echo"})
    told = failed(serve(tmp_path, "tarmac.json", APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="barn"))
    assert "kvstore_type from APP_KVSTORE_TYPE (environment)" in told
    assert "no kvstore backend 'barn' is installed; installed: " in told
    assert "lmdb" in told


def test_wrong_command_lines_end_with_2(tmp_path: Path) -> None:
    for arguments in (("serve", "--nonsense"), ("sevre",), ("invoke",)):
        assert "Usage:" in failed(Server(tmp_path, arguments))


def test_certificates_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"f": "go-echo"})
    (tmp_path / "cert.pem").write_text("no certificate")
    environ = {"APP_CERT_FILE": "cert.pem", "APP_KEY_FILE": "cert.pem", "APP_LISTEN_ADDR": "127.0.0.1:0"}
    told = failed(Server(tmp_path, ("serve", "tarmac.json"), environ), 1)
    assert "cert.pem" in told


def test_an_unknown_setting_is_a_warning_with_the_nearest_one(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"f": "go-echo"})
    with serve(tmp_path, "tarmac.json", APP_LISTEN_ADR="x") as server:
        server.wait_for("Starting HTTP Listener")
        assert server.stop() == 0
    warnings = [line["msg"] for line in server.logged if line["level"] == "WARN"]
    assert len(warnings) == 1
    assert "did you mean listen_addr?" in warnings[0]

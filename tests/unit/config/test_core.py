from pathlib import Path

import pytest

from tarmac_core.config import CoreSettings, FunctionDefaults, bind, read_raw

FOLDER = Path("/nowhere")


def core(**environ: str) -> CoreSettings:
    bound = bind(CoreSettings, "", read_raw(environ=environ, file=None, cwd=FOLDER)[0])
    assert bound.problems == []
    assert bound.settings is not None
    return bound.settings


def test_defaults_are_upstreams() -> None:
    settings = core()
    assert settings.listen_address == ("0.0.0.0", 8443)
    assert settings.enable_tls
    assert (settings.cert_file, settings.key_file, settings.ca_file) == ("/certs/cert.crt", "/certs/key.key", "")
    assert (settings.wasm_function, settings.wasm_function_config) == (
        "/functions/tarmac.wasm",
        "/functions/tarmac.json",
    )
    assert (settings.run_mode, settings.debug, settings.admin_address) == ("daemon", False, None)
    assert settings.cache_folder == Path("data/cache")


@pytest.mark.parametrize(("tls", "port"), [("", 80), ("true", 443)])
def test_an_empty_address_is_every_interface_on_the_usual_port(tls: str, port: int) -> None:
    assert core(APP_LISTEN_ADDR="", APP_ENABLE_TLS=tls).listen_address == ("", port)


def test_a_manifest_is_named_when_its_key_is_set() -> None:
    assert not core().manifest_is_named
    assert core(APP_WASM_FUNCTION_CONFIG="/functions/tarmac.json").manifest_is_named


def test_wrong_addresses_and_modes_are_problems() -> None:
    environ = {"APP_LISTEN_ADDR": "8080", "APP_ADMIN_LISTEN_ADDR": "::1:80", "APP_RUN_MODE": "once"}
    bound = bind(CoreSettings, "", read_raw(environ=environ, file=None, cwd=FOLDER)[0])
    assert [problem.what for problem in bound.problems] == [
        "'8080' has no port",
        "'::1:80' has too many colons",
        "'once' must be one of 'daemon' or 'job'",
    ]


def test_an_empty_run_mode_is_daemon() -> None:
    assert core(APP_RUN_MODE="").run_mode == "daemon"


def test_zero_means_the_default_limit() -> None:
    assert core().function_defaults == FunctionDefaults()
    assert core(APP_WASM_MEMORY_BYTES="0", APP_WASM_TIMEOUT_MS="").function_defaults == FunctionDefaults()
    limits = core(APP_WASM_CPU_MS="5", APP_WASM_TIMEOUT_MS="6", APP_WASM_QUEUE_LENGTH="7").function_defaults
    assert limits == FunctionDefaults(cpu_ms=5, timeout_ms=6, queue_length=7)


@pytest.mark.parametrize("key", ["max_request_bytes", "wasm_memory_bytes", "wasm_cpu_ms", "plugin_timeout_s"])
def test_limits_that_the_machine_cannot_keep_are_problems(key: str) -> None:
    raw, _ = read_raw(environ={f"APP_{key.upper()}": str(10**30)}, file=None, cwd=FOLDER)
    assert ["must be at most" in problem.what for problem in bind(CoreSettings, "", raw).problems] == [True]


def test_memory_of_less_than_a_page_is_a_problem() -> None:
    raw, _ = read_raw(environ={"APP_WASM_MEMORY_BYTES": "65535"}, file=None, cwd=FOLDER)
    assert [problem.what for problem in bind(CoreSettings, "", raw).problems] == [
        "'65535' is less than a page of memory"
    ]


def test_a_profiler_that_is_not_there_is_warned_about() -> None:
    assert core().warnings == []
    assert "/debug/pprof" in core(APP_ENABLE_PPROF="true").warnings[0]

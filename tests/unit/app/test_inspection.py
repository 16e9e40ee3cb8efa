"""What can be known without opening anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tarmac_core.app import Options, check, inspect
from tests.distributions import Site, backend_source, plugin_source
from tests.unit.app.conftest import Home


def problems(options: Options) -> list[str]:
    return [str(problem) for problem in inspect(options).problems]


def test_a_right_configuration_has_no_problems(home: Home) -> None:
    blueprint = inspect(home.options(enable_kvstore="true"))
    assert (blueprint.problems, blueprint.warnings) == ((), ())
    assert [(plan.name, plan.backend) for plan in blueprint.selected.stores] == [("default", "kvstore.internal")]
    assert {"kvstore", "logger", "function"} <= blueprint.selected.enabled


def test_rows_name_every_value_and_its_source(home: Home) -> None:
    blueprint = inspect(home.options(enable_kvstore="true", kvstore_type="memory", debug="1"))
    rows = {row.key: row for row in blueprint.rows}
    assert (rows["debug"].value, rows["debug"].source) == (True, "APP_DEBUG (environment)")
    assert rows["listen_addr"].source == "the command line"
    assert rows["kvstore_type"].value == "memory"
    assert rows["enable_kvstore"].value is True
    assert any(key.startswith("memory_") for key in rows)


def test_a_capability_that_is_off_selects_no_backend(home: Home) -> None:
    blueprint = inspect(home.options(kvstore_type="nonsense"))
    assert (blueprint.problems, blueprint.selected.stores) == ((), [])
    assert "kvstore" not in blueprint.selected.enabled


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"enable_queue": "true"}, ["enable_queue from APP_ENABLE_QUEUE", "install the package that provides it"]),
        ({"enable_sql": "perhaps"}, ["enable_sql", "use true or false"]),
        ({"enable_kvstore": "true", "kvstore_type": "barn"}, ["kvstore_type", "'barn' is installed; installed: "]),
        ({"enable_kvstore": "true", "plugins_disabled": "kvstore"}, ["enable_kvstore", "plugins_disabled"]),
        (
            {"enable_kvstore": "1", "plugins_disabled": "kvstore.internal"},
            ["kvstore_type (default)", "plugins_disabled"],
        ),
        ({"use_vault": "true"}, ["use_vault from APP_USE_VAULT", "no config source 'vault' is installed"]),
        ({"use_consul": "true", "consul_keys_prefix": "tarmac"}, ["consul_addr", "is required"]),
        ({"use_consul": "false"}, []),
        ({"use_consul": "perhaps"}, ["use_consul", "use true or false"]),
        ({"max_call_depth": "0"}, ["max_call_depth"]),
        ({"listen_addr": "x"}, []),
    ],
)
def test_each_wrong_setting_is_told_with_key_and_remedy(home: Home, environ: dict[str, str], words: list[str]) -> None:
    told = problems(home.options(**environ))
    assert len(told) == (1 if words else 0)
    assert all(word in told[0] for word in words)


def test_everything_wrong_is_told_together(home: Home) -> None:
    home.manifest(
        {"f": {"filepath": "nowhere.wasm"}}, [{"type": "http", "path": "x", "methods": ["GET"], "function": "g"}]
    )
    options = home.options(enable_queue="true", max_call_depth="0", kvstore_type="nonsense", enable_kvstore="true")
    told = " ".join(problems(options))
    for word in ("enable_queue", "max_call_depth", "nonsense", "nowhere.wasm", "must start with a slash"):
        assert word in told


def test_modules_are_checked_beside_a_manifest_with_problems(home: Home) -> None:
    (home.folder / "bad.wasm").write_bytes(b"no module")
    twice = {"type": "http", "path": "/same", "methods": ["GET"], "function": "echo"}
    home.manifest({"echo": "echo", "bad": "bad", "gone": "gone"}, [twice, twice, {**twice, "function": "ehco"}])
    told = [problem.where.rpartition(" ")[2] + " " + problem.what for problem in check(home.options()).problems]
    assert [text.partition(" ")[2][:15] for text in told] == [
        "there is no fil",
        "GET /same is ta",
        "there is no fun",
        "GET /same is ta",
        "function `bad`:",
    ]


def test_what_a_wrong_setting_stands_for_is_not_looked_for_at_its_default(home: Home) -> None:
    options = Options(
        environ={"APP_WASM_FUNCTION_CONFIG": "${env:NONE}", "APP_CERT_FILE": "${env:NONE}"}, cwd=home.folder
    )
    assert [text.partition(" ")[0] for text in problems(options)] == ["cert_file", "wasm_function_config"]


@pytest.mark.parametrize(
    ("disabled", "capability", "words"),
    [
        ("", "queue", ["stores.sessions from conf/config.toml line 1", "install the package that provides it"]),
        ("", "kvstores", ["stores.sessions", "did you mean kvstore?"]),
        ("kvstore", "kvstore", ["stores.sessions", "plugins_disabled"]),
    ],
)
def test_a_named_store_needs_its_capability(home: Home, disabled: str, capability: str, words: list[str]) -> None:
    (home.folder / "conf").mkdir()
    text = f'[stores.sessions]\ncapability = "{capability}"\nbackend = "memory"\n'
    (home.folder / "conf" / "config.toml").write_text(text, encoding="utf-8")
    told = problems(home.options(plugins_disabled=disabled))
    assert len(told) == 1
    assert all(word in told[0] for word in words)


def test_a_configuration_source_is_loaded_and_its_faults_told_without_opening_it(home: Home, site: Site) -> None:
    broken = plugin_source(
        "config.acme", "@hookimpl\ndef tarmac_config_sources(self, settings):\n    raise OSError('no')"
    )
    site.add("acme", {"config.acme": "acme_source:P"}, modules={"acme_source": broken})
    assert problems(home.options()) == []
    told = problems(home.options(use_acme="true"))
    assert len(told) == 1
    assert "tarmac_config_sources raised OSError: no" in told[0]
    assert {row.key: row.value for row in inspect(home.options()).rows}["use_acme"] is False


def test_a_wrong_backend_setting_counts_only_when_it_is_selected(home: Home) -> None:
    assert problems(home.options(lmdb_permissions="rw")) == []
    assert "lmdb_permissions" in problems(home.options(lmdb_permissions="rw", enable_kvstore="true"))[0]


def test_without_a_manifest_the_module_is_served_alone(home: Home) -> None:
    (home.folder / "tarmac.json").unlink()
    blueprint = inspect(home.options(None, wasm_function="echo.wasm"))
    assert blueprint.problems == ()
    assert blueprint.single_function == home.folder / "echo.wasm"


def test_a_module_on_the_command_line_beats_any_manifest(home: Home) -> None:
    blueprint = inspect(home.options("echo.wasm", wasm_function_config="tarmac.json"))
    assert blueprint.manifest is not None
    assert [function.name for function in blueprint.manifest.functions] == ["default"]


def test_tls_files_are_asked_for_unless_nothing_will_listen(home: Home) -> None:
    options = Options(target=Path("tarmac.json"), environ={}, cwd=home.folder)
    told = problems(options)
    assert len(told) == 2
    assert "/certs/cert.crt" in told[0]
    assert all("APP_ENABLE_TLS=false" in text for text in told)
    assert inspect(options, needs_listener=False).problems == ()
    job = Options(target=Path("tarmac.json"), environ={"APP_RUN_MODE": "job"}, cwd=home.folder)
    assert problems(job) == []


def test_a_plugin_from_outside_is_selected_by_configuration_alone(home: Home, site: Site) -> None:
    site.add("acme-kv", {"kvstore.acme": "acme_kv:P"}, modules={"acme_kv": backend_source("acme")})
    blueprint = inspect(home.options(enable_kvstore="true", kvstore_type="acme"))
    assert blueprint.problems == ()
    assert [plan.backend for plan in blueprint.selected.stores] == ["kvstore.acme"]


def test_a_dotted_plugin_that_nobody_selects_is_not_imported(home: Home, site: Site) -> None:
    site.add("acme-kv", {"kvstore.acme": "acme_kv_broken:P"}, modules={"acme_kv_broken": "raise RuntimeError"})
    assert inspect(home.options(enable_kvstore="true")).problems == ()
    assert "acme_kv_broken" not in sys.modules


def test_a_disabled_plugin_is_not_imported(home: Home, site: Site) -> None:
    site.add("acme", {"acme": "acme_broken:P"}, modules={"acme_broken": "raise RuntimeError"})
    assert [one.installed.name for one in inspect(home.options()).broken] == ["acme"]
    blueprint = inspect(home.options(plugins_disabled="acme amce"))
    assert blueprint.broken == ()
    assert [text.partition(";")[0] for text in blueprint.warnings] == [
        "plugins_disabled: no plugin 'amce' is installed"
    ]


def test_two_plugins_of_one_name_are_told_with_both_owners(home: Home, site: Site) -> None:
    for owner in ("one", "two"):
        site.add(
            f"acme-{owner}",
            {f"acme{owner}": f"acme_{owner}:P"},
            modules={
                f"acme_{owner}": plugin_source(
                    f"acme{owner}",
                    "@hookimpl\ndef tarmac_capabilities(self, settings):\n    return [CapabilitySpec('same', self.open)]\n"
                    "def open(self): ...",
                )
            },
        )
    told = problems(home.options())
    assert len(told) == 1
    assert "acme-one 1.0" in told[0]
    assert "acme-two 1.0" in told[0]


def test_looking_at_configuration_imports_neither_engine_nor_server(home: Home) -> None:
    code = """
import json, pathlib, sys
from tarmac_core.app import Options, inspect
inspect(Options(target=pathlib.Path("tarmac.json"), environ={"APP_ENABLE_KVSTORE": "true"}))
print(json.dumps([name for name in ("wasmtime", "tornado", "lmdb", "google.protobuf") if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=home.folder, capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == []

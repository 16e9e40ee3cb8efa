"""`tarmac plugins` lists without importing, checks by importing, and starts new ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tarmac_core.cli.plugins import plugins
from tarmac_core.registry import catalog
from tests.distributions import Site, backend_source, plugin_source, site

__all__ = ["site"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def _run(*args: str, **environment: str) -> Result:
    return CliRunner().invoke(plugins, args, env=environment)


def _rows(result: Result) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in json.loads(result.stdout)}


def test_list_tells_state_kind_and_owner_and_imports_nothing(site: Site) -> None:
    site.add("acme", {"acme": "acme_mod:P", "kvstore.shed": "shed_mod:P", "kvstore.hut": "shed_mod:P"}, version="2.0")
    (site.folder / "acme_mod.py").write_text("raise SystemExit")
    (site.folder / "shed_mod.py").write_text("raise SystemExit")
    site.add("bolt", {"bolt": "bolt_mod:P", "config.far": "nowhere_mod:P"}, requires=("tarmac>=5",))
    site.add("crux", {"crux": "nowhere_mod.deep:P"})
    rows = _rows(_run("list", "--json"))
    assert rows["acme"] == {
        "name": "acme",
        "alias_of": "",
        "kind": "plugin",
        "distribution": "acme",
        "version": "2.0",
        "state": "enabled",
        "reason": "",
    }
    assert (rows["kvstore.shed"]["kind"], rows["kvstore.shed"]["state"]) == ("kvstore backend", "installed")
    assert rows["kvstore.hut"]["alias_of"] == "kvstore.shed"
    assert (rows["bolt"]["state"], rows["bolt"]["reason"]) == ("broken", "needs tarmac >=5, and this is tarmac 0.1.0")
    assert rows["config.far"]["kind"] == "config source"
    assert rows["crux"]["reason"] == "its module nowhere_mod is not installed"
    assert not {"acme_mod", "shed_mod", "bolt_mod"} & set(sys.modules)


def test_list_knows_what_configuration_disables(site: Site) -> None:
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": ""})
    assert _rows(_run("list", "--json", APP_PLUGINS_DISABLED="acme"))["acme"]["state"] == "disabled"


def test_list_names_the_owners_of_a_collision(site: Site) -> None:
    site.add("acme", {"kvstore.shed": "acme_mod:P"}, modules={"acme_mod": ""})
    site.add("bolt", {"kvstore.shed": "bolt_mod:P"}, version="7.1", modules={"bolt_mod": ""})
    result = _run("list")
    (line, _) = [line for line in result.stdout.splitlines() if "kvstore.shed" in line]
    assert "broken: is claimed by acme 1.0 (acme_mod:P) and by bolt 7.1 (bolt_mod:P)" in line


def test_list_in_a_process_of_its_own_imports_no_plugin_of_this_repository() -> None:
    code = "import sys; from tarmac_core.cli import main; main(['plugins', 'list'], standalone_mode=False); "
    code += "print('MODULES', *[name for name in sys.modules if name.startswith(('tarmac_', 'wasmtime', 'tornado'))])"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    modules = run.stdout.partition("MODULES")[2].split()
    assert {name.partition(".")[0] for name in modules} == {"tarmac_core"}


def test_check_passes_a_plugin_that_keeps_the_contract(site: Site) -> None:
    site.add("acme", {"kvstore.shed": "acme_mod:P"}, modules={"acme_mod": backend_source("shed")})
    result = _run("check", "kvstore.shed", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["problems"] == []
    assert found["plugins"] == [
        {"name": "kvstore.shed", "owner": "acme 1.0", "is_ok": True, "hooks": ["backends"], "keys": []}
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "import raised ZeroDivisionError"),
        (plugin_source("acme", "@hookimpl\ndef tarmac_routes(self, settings): 1 / 0"), "tarmac_routes raised Zero"),
        (
            plugin_source(
                "acme",
                info="settings_model=S",
                before="class S(PluginSettings):\n    size: int = setting(..., 'How many.')",
            ),
            "acme_size",
        ),
    ],
)
def test_check_fails_with_1_and_names_what_is_wrong(site: Site, source: str, said: str) -> None:
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": source})
    result = _run("check", "acme")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "failed" in result.stdout


def test_check_of_a_name_that_is_not_installed_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "KNOWN_PACKAGES", {"kvstore.barn": "tarmac-kv-barn"})
    result = _run("check", "kvstore.barn")
    assert result.exit_code == 1
    assert "pip install tarmac-kv-barn" in result.stderr


def test_check_of_one_takes_what_it_requires_from_the_others(site: Site) -> None:
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": plugin_source("acme", info="requires=('bolt',)")})
    site.add("bolt", {"bolt": "bolt_mod:P"}, modules={"bolt_mod": plugin_source("bolt")})
    assert _run("check", "acme").exit_code == 0


def test_check_of_all_finds_two_plugins_claiming_one_name(site: Site) -> None:
    hook = "@hookimpl\ndef tarmac_observers(self, settings): return [ObserverSpec('same', None)]"
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": plugin_source("acme", hook)})
    site.add("bolt", {"bolt": "bolt_mod:P"}, modules={"bolt_mod": plugin_source("bolt", hook)})
    result = _run("check")
    assert result.exit_code == 1
    assert "observer same: is claimed by acme (acme 1.0) and by bolt (bolt 1.0)" in result.stderr


def test_new_writes_a_distribution_named_throughout_for_its_store() -> None:
    result = _run("new", "my-template")
    assert result.exit_code == 0
    folder = Path("tarmac-kv-my-template")
    assert (
        '"kvstore.my-template" = "tarmac_kv_my_template.plugin:MyTemplatePlugin"'
        in (folder / "pyproject.toml").read_text()
    )
    module = (folder / "src" / "tarmac_kv_my_template" / "plugin.py").read_text()
    assert "class MyTemplateSettings(PluginSettings)" in module
    assert "APP_MY_TEMPLATE_FOLDER" in (folder / "README.md").read_text()
    assert "APP_KVSTORE_TYPE=my-template" in result.stdout


def test_new_leaves_no_trace_of_the_stand_in() -> None:
    assert _run("new", "shed", "--directory", "elsewhere").exit_code == 0
    files = [path for path in Path("elsewhere").rglob("*") if path.is_file()]
    assert Path("elsewhere/src/tarmac_kv_shed/py.typed") in files
    assert not [path for path in files if "template" in str(path) + path.read_text().lower()]


@pytest.mark.parametrize("name", ["Shed", "my_shed", "1shed", "-shed", "my--shed", "..", "a/b", ""])
def test_new_refuses_a_name_that_cannot_be_one(name: str) -> None:
    result = _run("new", "--", name)
    assert result.exit_code == 2
    assert "use lower case letters, digits and single dashes" in result.stderr
    assert not list(Path().iterdir())


def test_new_overwrites_nothing() -> None:
    Path("tarmac-kv-shed").mkdir()
    result = _run("new", "shed")
    assert result.exit_code == 1
    assert "tarmac-kv-shed exists already" in result.stderr

"""`config show` and `check` know the settings of every plugin of this repository."""

import json
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from tarmac_core.cli import main
from tarmac_core.config import SettingRow, setting_rows
from tarmac_core.plugin import PluginInfo

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
CHECKED_TYPES = {"bool", "int", "number"}


def entry_points() -> Iterator[tuple[str, str]]:
    for project in sorted(PLUGINS.glob("tarmac-*/pyproject.toml")):
        yield from tomllib.loads(project.read_text())["project"]["entry-points"]["tarmac.plugins"].items()


def info_of(value: str) -> PluginInfo:
    module, _, name = value.partition(":")
    info = getattr(import_module(module), name)().tarmac_plugin_info()
    assert isinstance(info, PluginInfo)
    return info


def rows_of(value: str) -> list[SettingRow]:
    info = info_of(value)
    return list(setting_rows(info.settings_model, info.prefix))


def wrong_rows() -> Iterator[tuple[str, SettingRow]]:
    """Of each plugin that has one, the first setting that not every text can fill."""
    for name, value in WITH_SETTINGS:
        yield from [(name, row) for row in rows_of(value) if row.type in CHECKED_TYPES][:1]


WITH_SETTINGS = [(name, value) for name, value in entry_points() if rows_of(value)]
WRONG = list(wrong_rows())


def selecting(name: str) -> dict[str, str]:
    """The variables that turn a plugin on."""
    group, _, last = name.rpartition(".")
    if group == "config":
        return {f"APP_USE_{last.upper()}": "true"}
    capability = group or name
    chosen = {f"APP_{capability.upper()}_TYPE": last} if group else {}
    return {f"APP_ENABLE_{capability.upper()}": "true", **chosen} if group or has_stores(name) else {}


def has_stores(name: str) -> bool:
    return any(other.startswith(f"{name}.") for other, _ in entry_points())


@pytest.mark.parametrize(("name", "value"), WITH_SETTINGS, ids=[name for name, _ in WITH_SETTINGS])
def test_every_setting_of_a_plugin_is_shown(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(main, ["config", "show", "--json"], env=selecting(name))
    keys = {row["key"] for row in json.loads(shown.stdout)}
    assert [row.key for row in rows_of(value) if row.key not in keys] == []


@pytest.mark.parametrize(("name", "wrong"), WRONG, ids=[name for name, _ in WRONG])
def test_a_wrong_setting_of_a_plugin_is_told(
    name: str, wrong: SettingRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {**selecting(name), wrong.variable: "perhaps"}
    told = f"{wrong.key} from {wrong.variable} (environment): 'perhaps'"
    shown = CliRunner().invoke(main, ["config", "show"], env=environ)
    assert shown.exit_code == 2
    assert told in shown.stderr
    checked = CliRunner().invoke(main, ["check", "--json"], env=environ)
    assert checked.exit_code == 2
    problems = [f"{one['where']}: {one['what']}" for one in json.loads(checked.stdout)["problems"]]
    assert any(problem.startswith(told) for problem in problems)


def test_every_kind_of_plugin_is_among_them() -> None:
    assert {"kvstore", "sql"} <= {name for name, _ in WITH_SETTINGS}
    assert {"kvstore.lmdb", "kvstore.redis", "sql.sqlite", "config.consul", "httpclient"} <= {name for name, _ in WRONG}

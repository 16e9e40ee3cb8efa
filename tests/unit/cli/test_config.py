import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from tarmac_core.cli.config import config

MANIFEST = {
    "services": {
        "s": {
            "name": "S",
            "functions": {"f": {"filepath": "f.wasm"}},
            "routes": [{"type": "http", "path": "/", "methods": ["GET"], "function": "f"}],
        }
    }
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a manifest and a configuration file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.wasm").touch()
    (tmp_path / "tarmac.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.toml").write_text('wasm_function_config = "tarmac.json"\ncert_file = "${env:CERT}"\n')
    return tmp_path


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(config, arguments, env={"CERT": "hunter2", **environ})


@pytest.mark.usefixtures("folder")
def test_every_setting_is_shown_with_value_and_source() -> None:
    result = run("show", APP_DEBUG="true")
    assert result.exit_code == 0, result.output
    lines = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    assert ["debug", "true", "APP_DEBUG (environment)"] in lines
    assert ["wasm_function_config", '"tarmac.json"', "conf/config.toml line 1"] in lines
    assert ["cert_file", '"${env:CERT}"', "conf/config.toml line 2"] in lines
    assert ["max_call_depth", "16", "default"] in lines
    assert ["enable_kvstore", "false", "default"] in lines
    assert "hunter2" not in result.output


@pytest.mark.usefixtures("folder")
def test_settings_are_shown_as_json_while_problems_go_to_standard_error() -> None:
    result = run("show", "--json", APP_DEBUG="maybe", APP_DEBUGG="1")
    assert result.exit_code == 2
    rows = {row["key"]: row for row in json.loads(result.stdout)}
    assert rows["debug"] == {"key": "debug", "value": "maybe", "source": "APP_DEBUG (environment)", "secret": False}
    assert rows["cert_file"]["secret"]
    assert "debug from APP_DEBUG (environment): 'maybe' is not a bool (use true or false)" in result.stderr
    assert "did you mean debug?" in result.stderr


def test_settings_are_shown_where_there_is_nothing_to_serve(folder: Path) -> None:
    (folder / "conf/config.toml").unlink()
    result = run("show")
    assert (result.exit_code, result.stderr) == (0, "")


def test_another_configuration_file_is_named_by_an_option(folder: Path) -> None:
    (folder / "mine.yaml").write_text("wasm_function_config: tarmac.json\ntrace: true\n")
    result = run("show", "--json", "--config", "mine.yaml")
    rows = {row["key"]: row for row in json.loads(result.stdout)}
    assert (rows["trace"]["value"], rows["trace"]["source"]) == (True, "mine.yaml line 2")


@pytest.mark.usefixtures("folder")
def test_the_schema_of_each_file_fits_a_file_that_is_read() -> None:
    for which, value in (("settings", {"wasm_function_config": "tarmac.json", "debug": True}), ("manifest", MANIFEST)):
        result = run("schema", which)
        assert result.exit_code == 0
        schema = json.loads(result.stdout)
        Draft202012Validator.check_schema(schema)
        assert Draft202012Validator(schema).is_valid(value)
    assert run("schema").stdout == run("schema", "settings").stdout

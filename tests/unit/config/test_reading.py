import os
from pathlib import Path

import pytest

from tarmac_core.config import CoreSettings, bind, read_raw

FORMATS = {
    "json": '{"debug": true, "redis": {"server": "file"}}',
    "toml": 'debug = true\n[redis]\nserver = "file"\n',
    "yaml": "debug: true\nredis: {server: file}\n",
    "yml": "debug: true\nredis: {server: file}\n",
}


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_of_each_format_is_found_and_flattened(tmp_path: Path, suffix: str) -> None:
    write(tmp_path, f"conf/config.{suffix}", FORMATS[suffix])
    raw, problems = read_raw(environ={}, file=None, cwd=tmp_path)
    assert problems == []
    assert raw.values["redis_server"].value == "file"
    assert bind(CoreSettings, "", raw).settings == CoreSettings(debug=True)
    assert raw.values["debug"].source == f"conf/config.{suffix} line 1"
    assert raw.file == f"conf/config.{suffix}"


def test_the_first_format_wins_and_the_others_are_named(tmp_path: Path) -> None:
    for suffix in ("yml", "toml", "yaml"):
        write(tmp_path, f"conf/config.{suffix}", FORMATS[suffix])
    raw, _ = read_raw(environ={}, file=None, cwd=tmp_path)
    assert raw.file == "conf/config.toml"
    assert raw.notes == tuple(
        f"conf/config.{one} is not read, since conf/config.toml is there" for one in ("yaml", "yml")
    )


def test_the_environment_wins_over_the_file_and_the_file_over_remote_values(tmp_path: Path) -> None:
    file = write(tmp_path, "my.toml", 'redis_server = "file"\nredis_password = "file"\n')
    raw, _ = read_raw(environ={"APP_REDIS_SERVER": "environment"}, file=file, cwd=tmp_path)
    raw = raw.with_remote({"redis": {"server": "remote", "password": "remote", "database": 3}}, "consul tarmac")
    values = {key: (value.value, value.source) for key, value in raw.values.items()}
    assert values == {
        "redis_server": ("environment", "APP_REDIS_SERVER (environment)"),
        "redis_password": ("file", "my.toml line 2"),
        "redis_database": (3, "consul tarmac"),
    }


def test_variables_count_in_upper_case_only(tmp_path: Path) -> None:
    raw, _ = read_raw(
        environ={"APP_DEBUG": "1", "APP_Trace": "1", "app_x": "1", "APP_": "1", "X": "1"}, file=None, cwd=tmp_path
    )
    assert set(raw.values) == {"debug", "Trace"}


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        ("c.json", '{"a": 1,}', "c.json line 1 column ", "not valid JSON"),
        ("c.json", "[]", "c.json line 1", "the top level must be a table"),
        ("c.json", "null", "c.json line 1", "the top level must be a table"),
        ("c.toml", "a = 1\nb = \n", "c.toml line 2 column 5", "not valid TOML"),
        ("c.yaml", "a: 1\n- b\n", "c.yaml line 2 column 1", "not valid YAML"),
        ("c.toml", b"a = '\xff'", "c.toml line 1 column 6", "not valid UTF-8"),
        ("c.ini", "[a]", "c.ini", "this format is not read"),
        ("conf/config.env", "A=1", "conf/config.env", "this format is not read"),
    ],
)
def test_a_broken_file_is_a_problem_with_its_place(tmp_path: Path, name: str, text: str, where: str, what: str) -> None:
    path = write(tmp_path, name, text)
    raw, problems = read_raw(environ={}, file=None if name.startswith("conf/") else path, cwd=tmp_path)
    assert len(problems) == 1
    assert problems[0].where.startswith(where)
    assert what in problems[0].what
    assert raw.values == {}


def test_a_named_file_must_be_there_and_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    _, missing = read_raw(environ={}, file=Path("gone.toml"), cwd=tmp_path)
    _, folder = read_raw(environ={}, file=Path("folder.toml"), cwd=tmp_path)
    assert str(missing[0]) == "gone.toml: the configuration file is missing (create it, or name another one)"
    os.mkfifo(tmp_path / "pipe.toml")
    _, pipe = read_raw(environ={}, file=Path("pipe.toml"), cwd=tmp_path)
    assert "Is a directory" in folder[0].what
    assert "it is a pipe" in pipe[0].what


def test_without_any_file_the_environment_stands_alone(tmp_path: Path) -> None:
    raw, problems = read_raw(environ={}, file=None, cwd=tmp_path)
    assert (dict(raw.values), dict(raw.stores), raw.file, problems) == ({}, {}, "", [])


def test_named_stores_are_taken_out_of_the_file(tmp_path: Path) -> None:
    text = 'debug = true\n[stores.sessions]\ncapability = "kvstore"\nbackend = "redis"\n'
    text += 'server = "x"\nsentinel = {master = "m"}\n'
    raw, problems = read_raw(environ={}, file=write(tmp_path, "c.toml", text), cwd=tmp_path)
    store = raw.stores["sessions"]
    assert (problems, set(raw.values)) == ([], {"debug"})
    assert (store.capability, store.backend, store.source) == ("kvstore", "redis", "c.toml line 2")
    assert {key: value.value for key, value in store.fields.items()} == {"server": "x", "sentinel_master": "m"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stores = 1", "stores from c.toml line 1: must be a table of stores"),
        ("[stores]\na = 1", "stores.a from c.toml line 2: must be a table"),
        ('[stores.default]\ncapability="kvstore"\nbackend="redis"', "'default' means the default store"),
        ('[stores.a]\nbackend="redis"', "stores.a from c.toml line 1: capability is required"),
        ('[stores.a]\ncapability="kvstore"\nbackend=3', "backend is required, as text"),
    ],
)
def test_wrong_store_tables_are_problems(tmp_path: Path, text: str, words: str) -> None:
    raw, problems = read_raw(environ={}, file=write(tmp_path, "c.toml", text), cwd=tmp_path)
    assert raw.stores == {}
    assert words in str(problems[0])


def test_nothing_secret_is_in_the_repr(tmp_path: Path) -> None:
    file = write(tmp_path, "c.toml", '[stores.a]\ncapability="kvstore"\nbackend="redis"\npassword="hunter2"\n')
    raw, _ = read_raw(environ={"APP_REDIS_PASSWORD": "hunter2", "OTHER": "hunter2"}, file=file, cwd=tmp_path)
    assert "hunter2" not in repr(raw)

from pathlib import Path

from tarmac_core.config import UPSTREAM_KEYS, CoreSettings, Raw, read_raw, unknown_keys
from tarmac_core.plugin import PluginSettings, setting

FOLDER = Path("/nowhere")


class Redis(PluginSettings):
    server: str = setting("", "Where it is.", aliases=("old_server",))


def raw_of(*keys: str) -> Raw:
    return read_raw(environ={f"APP_{key.upper()}": "" for key in keys}, file=None, cwd=FOLDER)[0]


def test_every_key_of_upstream_is_known() -> None:
    assert len(UPSTREAM_KEYS) == 57
    assert unknown_keys(raw_of(*UPSTREAM_KEYS), [(CoreSettings, "")]) == []


def test_an_unknown_key_is_a_warning_with_the_nearest_one() -> None:
    warnings = unknown_keys(raw_of("listen_adr", "redis_servr", "zzz"), [(CoreSettings, ""), (Redis, "redis")])
    assert warnings == [
        "listen_adr from APP_LISTEN_ADR (environment): no such setting, so it has no effect (did you mean listen_addr?)",
        "redis_servr from APP_REDIS_SERVR (environment): no such setting, so it has no effect (did you mean redis_server?)",
        "zzz from APP_ZZZ (environment): no such setting, so it has no effect",
    ]


def test_variables_in_mixed_case_are_told_the_right_spelling() -> None:
    raw, _ = read_raw(environ={"APP_Debug": "1"}, file=None, cwd=FOLDER)
    assert "did you mean debug?" in unknown_keys(raw, [(CoreSettings, "")])[0]


def test_keys_and_aliases_of_models_in_use_are_known() -> None:
    assert unknown_keys(raw_of("redis_server", "old_server", "enable_x"), [(Redis, "redis")], keys=["enable_x"]) == []


def test_keys_of_installed_plugins_are_known_while_not_in_use() -> None:
    raw = raw_of("redis_anything", "nats_anything")
    assert unknown_keys(raw, [], prefixes=["redis", "nats", ""]) == []
    assert len(unknown_keys(raw, [(Redis, "redis")], prefixes=["redis", "nats"])) == 1


def test_named_stores_in_the_environment_are_told_to_move() -> None:
    assert "configuration file only" in unknown_keys(raw_of("stores_a_backend"), [])[0]


def test_files_that_are_passed_over_are_warned_about(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    for suffix in ("json", "toml"):
        (tmp_path / f"conf/config.{suffix}").write_text("{}" if suffix == "json" else "")
    raw, _ = read_raw(environ={}, file=None, cwd=tmp_path)
    assert unknown_keys(raw, []) == ["conf/config.toml is not read, since conf/config.json is there"]

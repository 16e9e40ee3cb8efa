from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, SecretStr

from tarmac_core.config import CoreSettings, SettingRow, manifest_schema, setting_rows, settings_schema
from tarmac_core.plugin import GrantModel, PluginSettings, RouteModel, StoreGrant, setting


class Redis(PluginSettings):
    server: str = setting(..., "Where it is.")
    password: SecretStr = setting(SecretStr("initial"), "How to get in.")
    timeout_s: float = setting(1.5, "How long.", unit="s", gt=0)
    mode: Literal["one", "many"] = setting("one", "Which kind.")
    servers: tuple[str, ...] = setting((), "Several.")
    filename: str = setting("a", "File.", aliases=("boltdb_filename",))


class Window(BaseModel):
    start: int


class Route(RouteModel):
    frequency: int = Field(gt=0)
    window: Window | None = None


class Grant(StoreGrant):
    window: Window | None = None


class OddGrant(GrantModel):
    hosts: tuple[str, ...] = ()


def errors(schema: dict[str, Any], value: object) -> list[str]:
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


SETTINGS = settings_schema([(CoreSettings, ""), (Redis, "redis")], flags={"enable_kvstore": "Stores."})
MANIFEST = manifest_schema(
    {"task": Route, "function": RouteModel}, {"kvstore": Grant, "odd": OddGrant, "metrics": None}
)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"debug": True, "enable_kvstore": True, "listen_addr": ":80", "somebody_elses": 1},
        {"redis": {"server": "x", "timeout_s": 2, "servers": ["a"]}, "boltdb_filename": "b"},
        {"redis_timeout_s": "${env:T}", "redis_password": "${file:/x}"},
        {"stores": {"a": {"capability": "kvstore", "backend": "redis", "server": "x"}}},
    ],
)
def test_the_settings_schema_accepts_what_is_read(value: object) -> None:
    assert errors(SETTINGS, value) == []


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"debug": 5},
        {"redis_timeout_s": 0},
        {"redis": {"mode": "both"}},
        {"redis_timeout_s": "x${env:T}"},
        {"stores": {"a": {"capability": "kvstore"}}},
        {"enable_kvstore": "x"},
        {"max_call_depth": 0},
    ],
)
def test_the_settings_schema_refuses_what_is_wrong(value: object) -> None:
    assert errors(SETTINGS, value)


def manifest(**parts: object) -> dict[str, object]:
    return {"services": {"s": {"name": "S", **parts}}}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"$schema": "x", "services": {}},
        manifest(functions={"f": {"filepath": "f.wasm", "pool_size": 1, "grants": {"metrics": True}}}),
        manifest(functions={"f": {"filepath": "f.wasm", "grants": {"kvstore": {"window": {"start": 1}}, "odd": True}}}),
        manifest(routes=[{"type": "http", "path": "/", "methods": ["GET"], "function": "f"}]),
        manifest(routes=[{"type": "task", "function": "f", "frequency": 5, "window": {"start": 1}}]),
        manifest(routes=[{"type": "function", "function": "f"}]),
    ],
)
def test_the_manifest_schema_accepts_what_is_read(value: object) -> None:
    assert errors(MANIFEST, value) == []


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"services": []},
        {"services": {"s": {}}},
        manifest(functions={"f": {}}),
        manifest(functions={"f": {"filepath": "f", "pool_size": -1}}),
        manifest(functions={"f": {"filepath": "f", "isolation": "x"}}),
        manifest(functions={"f": {"filepath": "f", "grants": {"other": True}}}),
        manifest(functions={"f": {"filepath": "f", "grants": {"odd": {"host": []}}}}),
        manifest(routes=[{"type": "http", "path": "/", "function": "f"}]),
        manifest(routes=[{"type": "task", "function": "f", "frequency": 0}]),
        manifest(routes=[{"type": "init", "function": "f"}]),
        manifest(routes=[{"function": "f", "path": "/", "methods": ["GET"]}]),
    ],
)
def test_the_manifest_schema_refuses_what_is_wrong(value: object) -> None:
    assert errors(MANIFEST, value)


def test_no_definition_is_there_for_nothing() -> None:
    text = repr(MANIFEST)
    assert [name for name in MANIFEST["$defs"] if f"#/$defs/{name}'" not in text] == []


def test_secrets_are_not_in_the_schema() -> None:
    assert "initial" not in repr(SETTINGS)


def test_every_setting_is_a_row_for_the_documentation() -> None:
    rows = {row.key: row for row in setting_rows(Redis, "redis")}
    assert rows["redis_timeout_s"] == SettingRow(
        "redis_timeout_s", "APP_REDIS_TIMEOUT_S", "number", 1.5, False, "s", "How long.", False, ()
    )
    assert [row.type for row in rows.values()] == ["text", "text", "number", "`many` or `one`", "list", "text"]
    assert (rows["redis_server"].is_required, rows["redis_server"].default) == (True, None)
    assert (rows["redis_password"].default, rows["redis_password"].is_secret) == ("***", True)
    assert rows["redis_filename"].aliases == ("boltdb_filename",)


def test_every_core_setting_has_a_help_that_is_a_sentence() -> None:
    rows = list(setting_rows(CoreSettings, ""))
    assert all(row.help.endswith(".") for row in rows)
    assert all(row.unit == "ms" for row in rows if row.key.endswith("_ms"))
    assert all(row.unit == "s" for row in rows if row.key.endswith("_s"))
    assert all(row.unit == "bytes" for row in rows if row.key.endswith("_bytes"))

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, field_validator, model_validator

from tarmac_core.config import (
    CoreSettings,
    FunctionDefaults,
    FunctionSpec,
    HttpRoute,
    Loaded,
    StoreTable,
    load_manifest,
    read_raw,
    single_function_manifest,
)
from tarmac_core.plugin import GrantModel, RouteModel, StoreGrant


class ScheduleRoute(RouteModel):
    frequency: int = Field(description="Seconds between runs.", gt=0)


class KvGrant(StoreGrant):
    prefix: str = ""
    read_only: bool = False


class FunctionGrant(GrantModel):
    functions: tuple[str, ...]

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return {"functions": value} if isinstance(value, list) else value


ROUTES: Mapping[str, type[RouteModel]] = {"scheduled_task": ScheduleRoute, "function": RouteModel}
GRANTS: Mapping[str, type[GrantModel] | None] = {"kvstore": KvGrant, "function": FunctionGrant, "metrics": None}
PACKAGES = {"init": "tarmac-trigger-init", "sql": "tarmac-sql"}


def load(folder: Path, manifest: object, *, stores: Mapping[str, StoreTable] | None = None) -> Loaded:
    (folder / "f.wasm").touch()
    path = folder / "tarmac.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), encoding="utf-8")
    return load_manifest(path, cwd=folder, route_models=ROUTES, grant_models=GRANTS, stores=stores, packages=PACKAGES)


def service(*routes: object, **function: object) -> dict[str, Any]:
    functions = {"f": {"filepath": "f.wasm", **function}}
    return {"services": {"s": {"name": "S", "functions": functions, "routes": list(routes)}}}


def http(path: object = "/", methods: object = ("GET",), **more: object) -> dict[str, object]:
    return {"type": "http", "path": path, "methods": methods, "function": "f", **more}


def only_function(loaded: Loaded) -> FunctionSpec:
    assert loaded.problems == []
    assert loaded.manifest is not None
    (function,) = loaded.manifest.functions
    return function


def problems(loaded: Loaded, folder: Path) -> list[str]:
    assert loaded.manifest is None
    return [str(problem).replace(f"{folder}/", "") for problem in loaded.problems]


@pytest.mark.parametrize("text", ["{}", '{"services": null}', '{"services": {}}', '{"SERVICES": {}, "$schema": "x"}'])
def test_a_manifest_without_services_is_valid(tmp_path: Path, text: str) -> None:
    loaded = load(tmp_path, text)
    assert loaded.manifest is not None
    assert (loaded.manifest.services, loaded.problems, loaded.warnings) == ((), [], [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("null", "tarmac.json line 1 column 1: must be an object (write { ... })"),
        ("[]", "tarmac.json line 1 column 1: must be an object (write { ... })"),
        ("", "tarmac.json line 1 column 1: is empty (write at least {})"),
        ('{\n "services": {},\n "services": {}}', "line 3 column 2: the key 'services' appears twice"),
        ('{"services": {}} x', "line 1 column 18: is not valid JSON: there is text after the end"),
        ('{"services": {}, "Services": {}}', "line 1 column 18, /Services: services is given twice in different case"),
        ('{"services": []}', "line 1 column 2, /services: services must be an object"),
        ('{"services": {"a": 1}}', "line 1 column 15, /services/a: must be an object"),
        ('{"services": {"a": {"name": "A", "functions": []}}}', "/services/a/functions: functions must be an object"),
        ('{"services": {"a": {"name": "A", "routes": {}}}}', "/services/a/routes: routes must be a list"),
        ('{"services": {"a": {"name": "A", "routes": [1]}}}', "/services/a/routes/0: must be an object"),
        ('{"services": {"a": {}}}', "line 1 column 15, /services/a/name: name is required"),
        ('{"services": {"a": {"name": ""}}}', 'line 1 column 21, /services/a/name: name "" must not be empty'),
        ('{"services": {"a": {"name": 5}}}', "/services/a/name: name 5 must be text"),
        ('{"services": {"a/b~c": {}}}', "/services/a~1b~0c/name: name is required"),
    ],
)
def test_every_fault_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    told = problems(load(tmp_path, text), tmp_path)
    assert len(told) == 1
    assert problem in told[0]


def test_a_whole_manifest_becomes_services_in_the_files_order(tmp_path: Path) -> None:
    text = """{"Services": {
      "z": {"NAME": "Z", "functions": {"one": {"FilePath": "f.wasm", "Pool_Size": 2}}},
      "a": {"name": "A", "functions": {"two": {"filepath": "f.wasm"}}, "routes": [
        {"type": "http", "path": "/x/:id", "methods": ["get", "Post", "GET"], "function": "one"},
        {"TYPE": "scheduled_task", "Frequency": 5, "function": "two", "retries": null},
        {"type": "function", "function": "two"}]}}}"""
    loaded = load(tmp_path, text)
    assert (loaded.problems, loaded.warnings) == ([], [])
    manifest = loaded.manifest
    assert manifest is not None
    assert [(one.key, one.name) for one in manifest.services] == [("z", "Z"), ("a", "A")]
    assert [(one.name, one.service, one.pool_size) for one in manifest.functions] == [
        ("one", "z", 2),
        ("two", "a", 100),
    ]
    assert manifest.http_routes == (HttpRoute(type="http", function="one", path="/x/:id", methods=("GET", "POST")),)
    assert manifest.routes_of("scheduled_task") == (ScheduleRoute(type="scheduled_task", function="two", frequency=5),)
    assert [route.type for route in manifest.routes] == ["http", "scheduled_task", "function"]


def test_limits_that_are_unset_or_zero_are_the_defaults(tmp_path: Path) -> None:
    names = ("pool_size", "timeout_ms", "cpu_ms", "memory_bytes", "min_instances")
    expected = FunctionSpec(name="f", service="s", filepath=tmp_path / "f.wasm")
    assert only_function(load(tmp_path, service())) == expected
    assert only_function(load(tmp_path, service(**dict.fromkeys(names, 0)))) == expected
    assert only_function(load(tmp_path, service(**dict.fromkeys([*names, "grants", "isolation"])))) == expected


def test_limits_are_taken_from_the_function(tmp_path: Path) -> None:
    sizes = {"pool_size": 3, "min_instances": 2, "memory_bytes": 65536, "queue_length": 0}
    limits: dict[str, Any] = {**sizes, "timeout_ms": 5, "cpu_ms": 6, "isolation": "fresh"}
    expected = FunctionSpec(name="f", service="s", filepath=tmp_path / "f.wasm", **limits)
    assert only_function(load(tmp_path, service(**limits))) == expected


def test_defaults_of_the_settings_hold_for_functions_without_their_own(tmp_path: Path) -> None:
    (tmp_path / "f.wasm").touch()
    (tmp_path / "tarmac.json").write_text(json.dumps(service(cpu_ms=9)))
    defaults = FunctionDefaults(pool_size=5, timeout_ms=6, cpu_ms=7, memory_bytes=65536, queue_length=8)
    path = tmp_path / "tarmac.json"
    function = only_function(load_manifest(path, route_models={}, grant_models={}, function_defaults=defaults))
    assert (function.pool_size, function.timeout_ms, function.cpu_ms) == (5, 6, 9)
    assert (function.memory_bytes, function.queue_length) == (65536, 8)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"pool_size": -1}, "/pool_size: pool_size -1 must be at least 0"),
        ({"pool_size": "5"}, '/pool_size: pool_size "5" must be a whole number'),
        ({"pool_size": 1.5}, "/pool_size: pool_size 1.5 must be a whole number"),
        ({"pool_size": True}, "/pool_size: pool_size true must be a whole number"),
        ({"memory_bytes": 2**40}, "/memory_bytes: memory_bytes 1099511627776 must be at most 4294967296"),
        ({"isolation": "none"}, "/isolation: isolation \"none\" must be one of 'reused' or 'fresh'"),
        ({"pool_size": 2, "min_instances": 3}, "/min_instances: min_instances 3 is more than pool_size 2"),
        ({"filepath": ""}, '/filepath: filepath "" must not be empty'),
        ({"filepath": None}, "/filepath: filepath is required"),
        ({"filepath": "gone.wasm"}, "/filepath: there is no file gone.wasm (tried gone.wasm)"),
        ({"filepath": "."}, "/filepath: there is no file ."),
        ({"filepath": "a\0b"}, "/filepath: there is no file"),
    ],
)
def test_wrong_function_fields_are_problems(tmp_path: Path, limits: dict[str, object], words: str) -> None:
    told = problems(load(tmp_path, service(**limits)), tmp_path)
    assert len(told) == 1
    assert f"/services/s/functions/f{words}" in told[0]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    manifest = service(http("x"), http("/health"), {"type": "http"}, pool_size=-1)
    manifest["services"]["t"] = {"functions": {"f": {"filepath": 5}}}
    pointers = [problem.split(", ", 1)[1].split(":")[0] for problem in problems(load(tmp_path, manifest), tmp_path)]
    assert sorted(pointers) == [
        "/services/s/functions/f/pool_size",
        "/services/s/routes/0/path",
        "/services/s/routes/1/path",
        "/services/s/routes/2/function",
        "/services/s/routes/2/methods",
        "/services/s/routes/2/path",
        "/services/t/functions/f",
        "/services/t/functions/f/filepath",
        "/services/t/name",
    ]


def test_modules_are_looked_for_in_the_working_directory_then_beside_the_manifest(tmp_path: Path) -> None:
    beside, cwd = tmp_path / "beside", tmp_path / "cwd"
    for folder, names in ((beside, ("both.wasm", "beside.wasm")), (cwd, ("both.wasm",))):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    functions = {
        "a": {"filepath": "both.wasm"},
        "b": {"filepath": "beside.wasm"},
        "c": {"filepath": f"{cwd}/both.wasm"},
    }
    (beside / "t.json").write_text(json.dumps({"services": {"s": {"name": "S", "functions": functions}}}))
    loaded = load_manifest(Path("../beside/t.json"), cwd=cwd, route_models={}, grant_models={})
    assert loaded.manifest is not None
    paths = [function.filepath.resolve() for function in loaded.manifest.functions]
    assert paths == [cwd / "both.wasm", beside / "beside.wasm", cwd / "both.wasm"]


def test_a_missing_file_is_a_problem_only_when_it_was_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.json"
    named = load_manifest(path, route_models={}, grant_models={})
    default = load_manifest(path, named=False, route_models={}, grant_models={})
    assert [problem.what for problem in named.problems] == ["the manifest is missing"]
    assert not named.is_missing
    assert default == Loaded(None, [], [], is_missing=True)


def test_a_broken_file_is_a_problem_also_when_nobody_named_it(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("{")
    broken = load_manifest(tmp_path / "t.json", named=False, route_models={}, grant_models={})
    folder = load_manifest(tmp_path, named=False, route_models={}, grant_models={})
    assert [len(one.problems) for one in (broken, folder)] == [1, 1]
    assert "Is a directory" in folder.problems[0].what


def test_one_function_name_in_two_services_is_a_problem(tmp_path: Path) -> None:
    manifest = service()
    manifest["services"]["t"] = manifest["services"]["s"]
    (told,) = problems(load(tmp_path, manifest), tmp_path)
    assert "/services/t/functions/f: the function 'f' is in the service 's' too (rename one of them)" in told


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ({"type": "htpp", "function": "f"}, "/type: no route type 'htpp' is installed (did you mean http?)"),
        (
            {"type": "init", "function": "f"},
            "/type: no route type 'init' is installed (pip install tarmac-trigger-init)",
        ),
        ({"type": "zzz", "function": "f"}, "(known here: function, http, scheduled_task)"),
        ({"type": "", "function": "f"}, '/type: type "" must not be empty'),
        ({"type": 5, "function": "f"}, "/type: type 5 must be text"),
        ({"function": "f"}, "/type: type is required"),
        ({"type": "function"}, "/function: function is required"),
        ({"type": "function", "function": "F2"}, "/function: there is no function 'F2' (add it to"),
        ({"type": "function", "function": ""}, '/function: function "" must not be empty'),
        ({"type": "scheduled_task", "function": "f"}, "/frequency: frequency is required (Seconds between runs)"),
        (
            {"type": "scheduled_task", "function": "f", "frequency": "5"},
            '/frequency: frequency "5" must be a whole number',
        ),
        ({"type": "scheduled_task", "function": "f", "frequency": 0}, "/frequency: frequency 0 must be more than 0"),
        (
            {"type": "function", "function": "f", "Function": "f"},
            "/Function: function is given twice in different case",
        ),
        (http(methods=[]), "/methods: methods must not be empty"),
        (http(methods="GET"), '/methods: methods "GET" must be a list'),
        (http(methods=[5]), "/methods/0: 5 must be text"),
        (http(methods=["G ET"]), "'G ET' is not a method (use one such as GET)"),
        (http(path=5), "/path: path 5 must be text"),
        (http("/a", Path="/b"), "/Path: path is given twice in different case"),
    ],
)
def test_wrong_routes_are_problems(tmp_path: Path, route: object, words: str) -> None:
    told = problems(load(tmp_path, service(route)), tmp_path)
    assert len(told) == 1
    assert "/services/s/routes/0" in told[0]
    assert words in told[0]


def test_a_route_may_lead_to_a_function_of_another_service(tmp_path: Path) -> None:
    manifest = service()
    manifest["services"] = {"first": {"name": "F", "routes": [http()]}, **manifest["services"]}
    assert load(tmp_path, manifest).problems == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (http("/a/:x"), http("/a/:y")),
        (http("/a/*x"), http("/a/*y")),
        (http("/a", ["get", "POST"]), http("/a", ["PUT", "GET"])),
        (http("/a/:x/b/:y"), http("/a/:q/b/:r")),
    ],
)
def test_two_routes_for_the_same_requests_are_a_problem(tmp_path: Path, first: object, second: object) -> None:
    (told,) = problems(load(tmp_path, service(first, second)), tmp_path)
    assert "/services/s/routes/1/path: GET /a" in told
    assert "is taken by /a" in told
    assert "/services/s/routes/0/path" in told


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (http("/a/:x"), http("/a/b")),
        (http("/a/:x"), http("/a/*x")),
        (http("/a/:x"), http("/b/:x")),
        (http("/a", ["GET"]), http("/a", ["POST"])),
        (http("/a"), http("/a/")),
        (http("/:health"), http("/health", ["POST"])),
    ],
)
def test_routes_for_different_requests_live_together(tmp_path: Path, first: object, second: object) -> None:
    assert load(tmp_path, service(first, second)).problems == []


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/debug/pprof", "/debug/pprof/heap"])
def test_paths_that_the_server_answers_itself_are_reserved(tmp_path: Path, path: str) -> None:
    (told,) = problems(load(tmp_path, service(http(path, ["post", "get"]))), tmp_path)
    assert f"GET {path} is answered by the server itself" in told


def test_what_has_no_effect_is_a_warning(tmp_path: Path) -> None:
    manifest = service(
        {"type": "function", "function": "f", "path": "/x", "topic": "t", "functoin": 1},
        http("/a%20b", ["PSOT"]),
        pool_siz=5,
    )
    manifest["version"] = 1
    warnings = [warning.split(", ", 1)[1] for warning in load(tmp_path, manifest).warnings]
    assert warnings == [
        "/version: version is not known and has no effect",
        "/services/s/functions/f/pool_siz: pool_siz is not known and has no effect (did you mean pool_size?)",
        "/services/s/routes/0/path: path has no effect on a route of this type",
        "/services/s/routes/0/functoin: functoin is not known and has no effect (did you mean function?)",
        "/services/s/routes/1/path: /a%20b holds a percent sign, but paths are matched after decoding",
        "/services/s/routes/1/methods: PSOT is not a standard method (did you mean POST?)",
    ]


def test_grants_are_read_by_each_capabilitys_model(tmp_path: Path) -> None:
    grants = {
        "kvstore": {"Prefix": "u/", "stores": ["default"]},
        "function": ["a", "b"],
        "metrics": True,
        "http": True,
        "logger": False,
    }
    function = only_function(load(tmp_path, service(grants=grants)))
    assert function.grants == {
        "kvstore": KvGrant(prefix="u/"),
        "function": FunctionGrant(functions=("a", "b")),
        "metrics": True,
        "http": True,
    }
    assert only_function(load(tmp_path, service(grants={}))).grants == {}
    assert only_function(load(tmp_path, service(grants={"kvstore": True}))).grants == {"kvstore": True}


@pytest.mark.parametrize(
    ("grants", "words"),
    [
        ([], "/grants: grants must be an object"),
        ({"kvstor": True}, "/grants/kvstor: no capability 'kvstor' is installed and enabled (did you mean kvstore?)"),
        ({"sql": True}, "/grants/sql: no capability 'sql' is installed and enabled (pip install tarmac-sql)"),
        ({"metrics": {}}, "/grants/metrics: the grant for metrics must be true"),
        ({"kvstore": {"redonly": True}}, "/grants/kvstore/redonly: is not known here (did you mean read_only?)"),
        ({"kvstore": {"read_only": "yes"}}, '/grants/kvstore/read_only: read_only "yes" must be a bool'),
        ({"kvstore": {"stores": "default"}}, '/grants/kvstore/stores: stores "default" must be a list'),
        ({"kvstore": 1}, "/grants/kvstore: 1 must be an object"),
        ({"kvstore": {"prefix": "a", "Prefix": "b"}}, "/grants/kvstore/Prefix: prefix is given twice"),
    ],
)
def test_wrong_grants_are_problems(tmp_path: Path, grants: object, words: str) -> None:
    told = problems(load(tmp_path, service(grants=grants)), tmp_path)
    assert len(told) == 1
    assert f"/services/s/functions/f{words}" in told[0]


def test_stores_in_grants_must_be_configured_for_that_capability(tmp_path: Path) -> None:
    toml = (
        '[stores.sessions]\ncapability="kvstore"\nbackend="redis"\n[stores.facts]\ncapability="sql"\nbackend="sqlite"\n'
    )
    (tmp_path / "c.toml").write_text(toml)
    stores = read_raw(environ={}, file=Path("c.toml"), cwd=tmp_path)[0].stores
    grants = {"kvstore": {"stores": ["default", "sessions", "session", "facts"]}}
    told = problems(load(tmp_path, service(grants=grants), stores=stores), tmp_path)
    assert [one.split(": ", 1)[1] for one in told] == [
        "there is no kvstore store named 'session' (did you mean sessions?)",
        "there is no kvstore store named 'facts' (write [stores.facts] in the configuration file)",
    ]
    assert load(tmp_path, service(grants=grants)).problems == []


def test_a_plugins_validator_that_breaks_is_a_problem_of_its_own_route(tmp_path: Path) -> None:
    class Broken(RouteModel):
        @field_validator("function")
        @classmethod
        def _break(cls, value: str) -> str:
            raise KeyError(value)

    (tmp_path / "f.wasm").touch()
    path = tmp_path / "t.json"
    path.write_text(json.dumps(service({"type": "odd", "function": "f"}, http("x"))))
    loaded = load_manifest(path, cwd=tmp_path, route_models={"odd": Broken}, grant_models={})
    assert "the validator of Broken failed with KeyError" in str(loaded.problems[0])
    assert len(loaded.problems) == 2


def test_a_single_function_is_served_on_the_root() -> None:
    manifest = single_function_manifest(CoreSettings(wasm_function="/x.wasm", wasm_pool_size=7, wasm_cpu_ms=5))
    (function,) = manifest.functions
    expected = FunctionSpec(name="default", service="default", filepath=Path("/x.wasm"), pool_size=7, cpu_ms=5)
    assert function == expected
    (route,) = manifest.http_routes
    assert (route.function, route.path, route.methods) == ("default", "/", ("GET", "POST", "PUT", "DELETE", "HEAD"))

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tarmac_core.config import (
    CoreSettings,
    FunctionDefaults,
    FunctionSpec,
    HttpRoute,
    Loaded,
    load_manifest,
    single_function_manifest,
)
from tests.unit.config.manifests import ScheduleRoute, http, load, only_function, problems, service


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
        ({"memory_bytes": 1}, "/memory_bytes: memory_bytes 1 is less than a page of memory (write at least 65536"),
        ({"cpu_ms": 10**11}, "/cpu_ms: cpu_ms 100000000000 must be at most 10000000000"),
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
    os.mkfifo(tmp_path / "pipe.json")
    pipe = load_manifest(tmp_path / "pipe.json", route_models={}, grant_models={})
    assert "it is a pipe" in pipe.problems[0].what


def test_one_function_name_in_two_services_is_a_problem(tmp_path: Path) -> None:
    manifest = service()
    manifest["services"]["t"] = manifest["services"]["s"]
    (told,) = problems(load(tmp_path, manifest), tmp_path)
    assert "/services/t/functions/f: the function 'f' is in the service 's' too (rename one of them)" in told


def test_a_single_function_is_served_on_the_root() -> None:
    manifest = single_function_manifest(CoreSettings(wasm_function="/x.wasm", wasm_pool_size=7, wasm_cpu_ms=5))
    (function,) = manifest.functions
    expected = FunctionSpec(name="default", service="default", filepath=Path("/x.wasm"), pool_size=7, cpu_ms=5)
    assert function == expected
    (route,) = manifest.http_routes
    assert (route.function, route.path, route.methods) == ("default", "/", ("GET", "POST", "PUT", "DELETE", "HEAD"))

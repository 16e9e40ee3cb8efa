import json
from pathlib import Path

import pytest
from pydantic import field_validator

from tarmac_core.config import load_manifest
from tarmac_core.plugin import RouteModel
from tests.unit.config.manifests import http, load, problems, service


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

from pathlib import Path

import pytest

from tarmac_core.config import read_raw
from tests.unit.config.manifests import FunctionGrant, KvGrant, load, only_function, problems, service


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

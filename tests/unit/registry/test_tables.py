"""Everything declared ends in tables where no name has two owners."""

import pytest

from tarmac_core.plugin import GrantModel, PluginSettings, Problem, RouteModel
from tarmac_core.registry import Catalog, Tables, declare, load
from tests.distributions import Site, backend_source, plugin_source


def _tables(*names: str) -> tuple[Tables, list[Problem]]:
    loaded = load(Catalog.discover(), names, selected=set(names))
    assert not loaded.problems
    declared = [declare(plugin, PluginSettings()) for plugin in loaded.plugins]
    assert not [problem for _, problems in declared for problem in problems]
    return Tables.build(declarations for declarations, _ in declared)


def _hook(name: str, spec: str) -> str:
    return f"@hookimpl\ndef {name}(self, settings): return [{spec}]"


def test_a_backend_is_found_under_every_entry_point_of_its_plugin(site: Site) -> None:
    site.add("acme", {"kvstore.a": "acme:P", "kvstore.b": "acme:P"}, modules={"acme": backend_source("b")})
    tables, problems = _tables("kvstore.a")
    assert not problems
    assert tables.backends["kvstore.a"] is tables.backends["kvstore.b"]
    assert tables.backends["kvstore.b"].plugin.name == "kvstore.b"


def test_a_backend_may_be_declared_under_each_of_its_names_itself(site: Site) -> None:
    specs = "BackendSpec('x', 'a', None), BackendSpec('x', 'b', None)"
    source = plugin_source("x.a", _hook("tarmac_backends", specs))
    site.add("acme", {"x.a": "acme:P", "x.b": "acme:P"}, modules={"acme": source})
    tables, problems = _tables("x.a")
    assert not problems
    assert [tables.backends[name].spec.name for name in ("x.a", "x.b")] == ["a", "b"]


def test_a_capability_is_found_by_name_and_alias_with_its_models(site: Site) -> None:
    spec = "CapabilitySpec('calls', None, aliases=('call',), grant_model=GrantModel, route_type='calls')"
    site.add("acme", {"acme": "acme:P"}, modules={"acme": plugin_source("acme", _hook("tarmac_capabilities", spec))})
    tables, problems = _tables("acme")
    assert not problems
    assert tables.capabilities["call"] is tables.capabilities["calls"]
    assert tables.grant_models() == {"calls": GrantModel, "call": GrantModel}
    assert tables.route_models() == {"calls": RouteModel}


@pytest.mark.parametrize(
    ("hook", "spec", "claimed"),
    [
        ("tarmac_config_sources", "ConfigSourceSpec('x', None)", "config source x"),
        ("tarmac_capabilities", "CapabilitySpec('x', None)", "capability x"),
        ("tarmac_backends", "BackendSpec('kvstore', 'x', None)", "backend kvstore.x"),
        ("tarmac_triggers", "TriggerSpec('x', None)", "route type x"),
        ("tarmac_routes", "RouteSpec('get', '/x', None)", "path GET /x"),
        ("tarmac_observers", "ObserverSpec('x', None)", "observer x"),
    ],
)
def test_a_name_claimed_twice_is_a_problem_naming_both_with_their_versions(
    site: Site, hook: str, spec: str, claimed: str
) -> None:
    site.add("acme", {"a": "a_mod:P"}, version="1.2", modules={"a_mod": plugin_source("a", _hook(hook, spec))})
    site.add("bolt", {"b": "b_mod:P"}, version="3.4", modules={"b_mod": plugin_source("b", _hook(hook, spec))})
    _, (problem,) = _tables("a", "b")
    assert problem.where == claimed
    assert problem.what == "is claimed by a (acme 1.2) and by b (bolt 3.4)"


@pytest.mark.parametrize(
    ("hook", "spec", "claimed"),
    [
        ("tarmac_capabilities", "CapabilitySpec('http', None)", "capability http"),
        ("tarmac_capabilities", "CapabilitySpec('x', None, route_type='http')", "route type http"),
        ("tarmac_triggers", "TriggerSpec('http', None)", "route type http"),
        ("tarmac_routes", "RouteSpec('GET', '/health', None)", "path GET /health"),
    ],
)
def test_names_of_the_core_cannot_be_claimed(site: Site, hook: str, spec: str, claimed: str) -> None:
    site.add("acme", {"a": "a_mod:P"}, modules={"a_mod": plugin_source("a", _hook(hook, spec))})
    _, (problem,) = _tables("a")
    assert (problem.where, problem.what) == (claimed, "is claimed by tarmac itself and by a (acme 1.0)")


def test_an_alias_cannot_take_anothers_name(site: Site) -> None:
    one = _hook("tarmac_capabilities", "CapabilitySpec('x', None)")
    two = _hook("tarmac_capabilities", "CapabilitySpec('y', None, aliases=('x',))")
    site.add("acme", {"a": "a_mod:P"}, modules={"a_mod": plugin_source("a", one)})
    site.add("bolt", {"b": "b_mod:P"}, modules={"b_mod": plugin_source("b", two)})
    tables, (problem,) = _tables("a", "b")
    assert problem.where == "capability x"
    assert tables.capabilities["x"].plugin.name == "a"


def test_two_plugins_claiming_one_name_twice_over_in_one_are_told_too(site: Site) -> None:
    hook = _hook("tarmac_observers", "ObserverSpec('x', None), ObserverSpec('x', None)")
    site.add("acme", {"a": "a_mod:P"}, modules={"a_mod": plugin_source("a", hook)})
    _, problems = _tables("a")
    assert [problem.what for problem in problems] == ["is claimed by a (acme 1.0) and by a (acme 1.0)"]

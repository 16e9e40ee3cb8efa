"""A plugin's hooks are asked one by one, each guarded by itself."""

import pytest

from tarmac_core.plugin import Hooks, PluginSettings
from tarmac_core.registry import Catalog, Declarations, declare, load
from tests.distributions import Site, backend_source, plugin_source

EVERY_HOOK = [name for name in vars(Hooks) if name.startswith("tarmac_") and name != "tarmac_plugin_info"]


def _declare(site: Site, source: str, name: str = "acme", limit_s: float = 10.0) -> tuple[Declarations, list[str]]:
    site.add("acme", {name: "acme_mod:P"}, modules={"acme_mod": source})
    loaded = load(Catalog.discover(), [name], selected={name})
    assert not loaded.problems
    declarations, problems = declare(loaded.plugins[0], PluginSettings(), limit_s=limit_s)
    return declarations, [problem.what for problem in problems]


def test_every_kind_of_spec_is_given_by_its_kind(site: Site) -> None:
    hooks = """
    @hookimpl
    def tarmac_config_sources(self, settings):
        return (ConfigSourceSpec("far", None),)
    @hookimpl
    def tarmac_capabilities(self, settings):
        yield CapabilitySpec("acme", None)
    @hookimpl
    def tarmac_backends(self, settings):
        return [BackendSpec("kvstore", "acme", None)]
    @hookimpl
    def tarmac_triggers(self, settings):
        return {"t": TriggerSpec("tick", None)}.values()
    @hookimpl
    def tarmac_routes(self, settings):
        return iter([RouteSpec("GET", "/a", None)])
    @hookimpl
    def tarmac_observers(self, settings):
        return [ObserverSpec("acme", None)]
    """
    declarations, problems = _declare(site, plugin_source("acme", hooks))
    assert not problems
    assert [spec.name for spec in declarations.config_sources] == ["far"]
    assert [spec.name for spec in declarations.capabilities] == ["acme"]
    assert [spec.name for spec in declarations.backends] == ["acme"]
    assert [spec.route_type for spec in declarations.triggers] == ["tick"]
    assert [spec.path for spec in declarations.routes] == ["/a"]
    assert [spec.name for spec in declarations.observers] == ["acme"]


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (
            "def tarmac_routes(self, settings): raise ValueError('no')",
            "tarmac_routes raised ValueError: no (acme_mod.py",
        ),
        ("def tarmac_routes(self, settings): raise SystemExit(1)", "tarmac_routes raised SystemExit: 1"),
        ("def tarmac_routes(self, settings): return 5", "tarmac_routes returned int, not an iterable of RouteSpec"),
        ("def tarmac_routes(self, settings): return ['x']", "tarmac_routes yielded str, not RouteSpec"),
        (
            "def tarmac_routes(self, settings): return RouteSpec('GET', '/', None)",
            "tarmac_routes returned RouteSpec, not",
        ),
        ("async def tarmac_routes(self, settings): ...", "tarmac_routes is a coroutine"),
        ("def tarmac_routes(self, settings):\n    yield 1 / 0", "tarmac_routes raised ZeroDivisionError"),
        ("def tarmac_routes(self, settings): time.sleep(5)", "tarmac_routes did not return within 0.2 s"),
        ("def tarmac_routes(self, settings):\n    yield time.sleep(5)", "tarmac_routes did not return within 0.2 s"),
    ],
)
def test_a_hook_that_fails_or_hangs_is_named_and_the_others_still_count(site: Site, hook: str, said: str) -> None:
    hooks = f"@hookimpl\n{hook}\n@hookimpl\ndef tarmac_observers(self, settings): return [ObserverSpec('o', None)]"
    declarations, problems = _declare(site, plugin_source("acme", hooks), limit_s=0.2)
    assert len(problems) == 1
    assert said in problems[0]
    assert [spec.name for spec in declarations.observers] == ["o"]


@pytest.mark.parametrize("hook", EVERY_HOOK)
@pytest.mark.parametrize(
    ("fault", "said"), [("raise ValueError('no')", "raised ValueError: no"), ("time.sleep(5)", "did not return within")]
)
def test_each_hook_may_raise_or_hang(site: Site, hook: str, fault: str, said: str) -> None:
    _, problems = _declare(site, plugin_source("acme", f"@hookimpl\ndef {hook}(self, settings): {fault}"), limit_s=0.2)
    assert len(problems) == 1
    assert problems[0].startswith(f"{hook} {said}")


def test_a_hook_that_returns_none_declares_nothing(site: Site) -> None:
    _, problems = _declare(site, plugin_source("acme", "@hookimpl\ndef tarmac_routes(self, settings): pass"))
    assert not problems


def test_a_plugin_named_for_a_backend_must_declare_it(site: Site) -> None:
    source = backend_source("brick").replace("PluginInfo(name='kvstore.brick'", "PluginInfo(name='kvstore.wood'")
    _, problems = _declare(site, source, "kvstore.wood")
    assert problems == ["is named for the kvstore backend 'wood', but declares none of that name"]


def test_a_plugin_named_for_a_config_source_must_declare_it(site: Site) -> None:
    _, problems = _declare(site, plugin_source("config.far"), "config.far")
    assert problems == ["is named for the config source 'far', but declares none of that name"]


def test_hooks_get_the_settings_they_are_asked_with(site: Site) -> None:
    hook = "@hookimpl\ndef tarmac_routes(self, settings): return [RouteSpec('GET', type(settings).__name__, None)]"
    declarations, _ = _declare(site, plugin_source("acme", hook))
    assert declarations.routes[0].path == "PluginSettings"
    assert declarations.settings == PluginSettings()

"""Each plugin is imported and judged alone; what is wrong with it is told in words."""

import time

import pytest

from tarmac_core.registry import Catalog, Loaded, catalog, load
from tests.distributions import Site, backend_source, plugin_source

GOOD = plugin_source("good")


@pytest.fixture
def barn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is known and never installed."""
    monkeypatch.setattr(catalog, "KNOWN_PACKAGES", {"kvstore.barn": "tarmac-kv-barn"})


def _load(*names: str, selected: tuple[str, ...] = (), limit_s: float = 10.0) -> Loaded:
    return load(Catalog.discover(), names, selected=set(selected), limit_s=limit_s)


def test_a_plugin_is_loaded_once_for_all_its_names(site: Site) -> None:
    site.add("acme", {"kvstore.a": "acme:P", "kvstore.b": "acme:P"}, modules={"acme": backend_source("b")})
    loaded = _load("kvstore.a", "kvstore.b", selected=("kvstore.a",))
    (plugin,) = loaded.plugins
    assert plugin.name == "kvstore.b"
    assert plugin.implements("tarmac_backends")
    assert not plugin.implements("tarmac_routes")
    assert not loaded.problems


def test_a_selected_broken_plugin_is_an_error_an_unselected_one_a_warning_and_others_load(site: Site) -> None:
    site.add("one", {"one": "one_mod:P"}, modules={"one_mod": "raise ValueError('first')"})
    site.add("two", {"two": "two_mod:P"}, modules={"two_mod": "raise ValueError('second')"})
    site.add("good", {"good": "good_mod:P"}, modules={"good_mod": GOOD})
    loaded = _load("one", "two", "good", selected=("one",))
    assert [plugin.name for plugin in loaded.plugins] == ["good"]
    (problem,) = loaded.problems
    assert str(problem).startswith("plugin one (one 1.0): import raised ValueError: first (one_mod.py line 1) (correct")
    assert [(one.installed.name, "second" in one.problem.what) for one in loaded.broken] == [("two", True)]


def test_a_selected_name_that_is_not_installed_is_an_error(barn: None) -> None:
    (problem,) = _load("kvstore.barn", selected=("kvstore.barn",)).problems
    assert problem.remedy == "pip install tarmac-kv-barn"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("P = 5", "import of bad_mod:P gave no class"),
        ("Q = 5", "import raised AttributeError: module 'bad_mod' has no attribute 'P'"),
        ("import nowhere_at_all", "import raised ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def P(: pass", "import raised"),
        ("raise SystemExit(3)", "import raised SystemExit: 3"),
        ("class P:\n    def __init__(self, x): pass", "P() raised TypeError"),
        ("class P: pass", "tarmac_plugin_info is missing"),
        (plugin_source("other"), "tarmac_plugin_info returned the name 'other', but its entry point is bad"),
        (plugin_source("bad", info="settings_model=dict"), "returned a settings_model that is no subclass"),
        (plugin_source("bad", "@hookimpl\ndef tarmac_backend(self, settings): ..."), "unknown hook 'tarmac_backend'"),
        (plugin_source("bad", "@hookimpl\ndef tarmac_routes(self, options): ..."), "options"),
        (plugin_source("bad", "def tarmac_routes(self, settings): ..."), "tarmac_routes lacks the decorator @hookimpl"),
        (GOOD.replace("return PluginInfo(name='good', )", "return 5"), "tarmac_plugin_info returned int"),
        (GOOD.replace("return PluginInfo(name='good', )", "1 / 0"), "tarmac_plugin_info raised ZeroDivisionError"),
        (
            plugin_source("bad", info="api_version=7"),
            "speaks plugin API 7, and this Tarmac speaks 1: the Tarmac is too",
        ),
        (
            plugin_source("bad", info="api_version=0"),
            "speaks plugin API 0, and this Tarmac speaks 1: the plugin is too",
        ),
    ],
)
def test_what_is_wrong_with_a_plugin_is_told_in_words(site: Site, source: str, said: str) -> None:
    site.add("acme", {"bad": "bad_mod:P"}, modules={"bad_mod": source})
    loaded = _load("bad", selected=("bad",))
    assert not loaded.plugins
    assert said in loaded.problems[0].what
    assert loaded.problems[0].where == "plugin bad (acme 1.0)"


def test_a_plugin_for_another_tarmac_is_not_imported(site: Site) -> None:
    modules = {"bad_mod": "raise ValueError('was imported')"}
    site.add("acme", {"bad": "bad_mod:P"}, requires=("tarmac>=5",), modules=modules)
    assert "needs tarmac >=5" in _load("bad", selected=("bad",)).problems[0].what


@pytest.mark.parametrize(
    ("source", "step"),
    [
        ("import time; time.sleep(5)", "import did not return within 0.2 s"),
        (plugin_source("bad", "def __init__(self): time.sleep(5)"), "P() did not return within 0.2 s"),
        (GOOD.replace("return", "time.sleep(5); return"), "tarmac_plugin_info did not return within 0.2 s"),
    ],
)
def test_a_plugin_that_hangs_is_given_up_and_the_step_is_named(site: Site, source: str, step: str) -> None:
    name = f"hanging_{len(step)}"  # a module that still hangs in its import is locked by its name
    site.add("acme", {"bad": f"{name}:P"}, modules={name: source})
    site.add("good", {"good": "good_mod:P"}, modules={"good_mod": GOOD})
    begun = time.monotonic()
    loaded = _load("bad", "good", limit_s=0.2)  # a hang is an error although nothing selects its plugin
    assert time.monotonic() - begun < 2
    assert step in loaded.problems[0].what
    assert [plugin.name for plugin in loaded.plugins] == ["good"]


def test_what_a_plugin_requires_must_be_installed(site: Site, barn: None) -> None:
    site.add("acme", {"bad": "bad_mod:P"}, modules={"bad_mod": plugin_source("bad", info="requires=('kvstore.barn',)")})
    (problem,) = _load("bad", selected=("bad",)).problems
    assert problem.what == "requires the plugin kvstore.barn, which is not installed"
    assert problem.remedy == "pip install tarmac-kv-barn"


def test_a_plugin_goes_with_what_it_requires_through_any_number_of_steps(site: Site) -> None:
    first = plugin_source("first", info="requires=('second',)")
    second = plugin_source("second", info="requires=('third',)")
    site.add("acme", {"first": "first_mod:P"}, modules={"first_mod": first})
    site.add("bolt", {"second": "second_mod:P"}, modules={"second_mod": second})
    site.add("crux", {"third": "third_mod:P"}, modules={"third_mod": "1 / 0"})
    loaded = _load("first", "second", "third", selected=("first",))
    assert not loaded.plugins
    assert loaded.problems[0].what == "requires the plugin second, which is disabled or broken"
    assert {one.installed.name for one in loaded.broken} == {"second", "third"}


def test_requires_takes_an_alias_for_the_plugin(site: Site) -> None:
    site.add("acme", {"first": "first_mod:P"}, modules={"first_mod": plugin_source("first", info="requires=('x.b',)")})
    site.add("bolt", {"x.a": "ab_mod:P", "x.b": "ab_mod:P"}, modules={"ab_mod": backend_source("a", "x")})
    assert len(_load("first", "x.a").plugins) == 2


def test_requires_counts_plugins_that_were_loaded_before(site: Site) -> None:
    site.add("acme", {"first": "first_mod:P"}, modules={"first_mod": plugin_source("first", info="requires=('base',)")})
    site.add("bolt", {"base": "base_mod:P"}, modules={"base_mod": plugin_source("base")})
    catalog = Catalog.discover()
    before = load(catalog, ["base"], selected=set())
    later = load(catalog, ["first"], selected={"first"}, beside=before.plugins)
    assert [plugin.name for plugin in later.plugins] == ["first"]

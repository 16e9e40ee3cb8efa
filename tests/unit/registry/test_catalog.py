"""What is installed is found, named and judged without importing any of it."""

import sys

import pytest

from tarmac_core.registry import Catalog
from tarmac_core.registry.installed import mismatch
from tests.distributions import Site, backend_source


def test_discovery_finds_plugins_and_imports_none(site: Site) -> None:
    site.add("tarmac-kv-shed", {"kvstore.shed": "shed_mod:P"}, version="2.3", modules={"shed_mod": "raise SystemExit"})
    found = Catalog.discover().find("kvstore.shed")
    assert found is not None
    assert (found.distribution, found.version, found.value) == ("tarmac-kv-shed", "2.3", "shed_mod:P")
    assert "shed_mod" not in sys.modules


def test_two_names_with_one_value_in_one_distribution_are_one_plugin(site: Site) -> None:
    site.add("tarmac-kv-shed", {"kvstore.shed": "shed_mod:P", "kvstore.hut": "shed_mod:P"})
    catalog = Catalog.discover()
    assert catalog.find("kvstore.hut") is catalog.find("kvstore.shed")
    assert not [problem for problem in catalog.collisions if "hut" in str(problem) or "shed" in str(problem)]
    assert {"hut", "shed"} <= set(catalog.backends("kvstore"))


def test_one_name_in_two_distributions_is_a_collision_naming_both_with_their_versions(site: Site) -> None:
    site.add("tarmac-kv-shed", {"kvstore.shed": "shed_mod:P"}, version="2.3")
    site.add("acme-shed", {"kvstore.shed": "acme_mod:P"}, version="7.0")
    (problem,) = (problem for problem in Catalog.discover().collisions if "shed" in problem.where)
    assert problem.where == "plugin kvstore.shed"
    assert "acme-shed 7.0 (acme_mod:P)" in problem.what
    assert "tarmac-kv-shed 2.3 (shed_mod:P)" in problem.what


def test_one_name_with_two_values_in_one_distribution_is_a_collision(site: Site) -> None:
    info = site.add("acme-shed", {})
    (info / "entry_points.txt").write_text("[tarmac.plugins]\nkvstore.shed = a:P\nkvstore.shed = b:P\n")
    assert any("kvstore.shed" in problem.where for problem in Catalog.discover().collisions)


def test_the_first_of_two_distributions_with_one_name_counts(
    site: Site, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("Tarmac_KV.Shed", {"kvstore.shed": "shed_mod:P"}, version="1.0")
    earlier = tmp_path_factory.mktemp("earlier")
    monkeypatch.syspath_prepend(str(earlier))
    Site(earlier).add("tarmac-kv-shed", {"kvstore.shed": "shed_mod:P"}, version="2.0")
    catalog = Catalog.discover()
    found = catalog.find("kvstore.shed")
    assert found is not None
    assert found.version == "2.0"
    assert not [problem for problem in catalog.collisions if "shed" in problem.where]


def test_a_distribution_with_broken_metadata_hides_no_other(site: Site) -> None:
    info = site.add("acme-broken", {})
    (info / "entry_points.txt").write_text("[tarmac.plugins]\nno equals sign\n")
    site.add("tarmac-kv-shed", {"kvstore.shed": "shed_mod:P"})
    catalog = Catalog.discover()
    assert catalog.find("kvstore.shed") is not None
    assert any("acme_broken" in problem.where for problem in catalog.unreadable)


def test_a_plugin_for_another_tarmac_is_told_in_words_before_import(site: Site) -> None:
    site.add("tarmac-kv-shed", {"kvstore.shed": "shed_mod:P"}, requires=("tarmac[testing]>=3", "tarmac<4", "tarmacx>9"))
    catalog = Catalog.discover()
    found = catalog.find("kvstore.shed")
    assert found is not None
    problem = mismatch(found, catalog.version)
    assert problem is not None
    assert problem.what == "needs tarmac <4,>=3, and this is tarmac 0.1.0"
    assert mismatch(found, "3.1") is None


def test_requirements_of_extras_and_other_systems_do_not_count(site: Site) -> None:
    requires = ('tarmac>=9; extra == "new"', 'tarmac>=8; sys_platform == "plan9"', "tarmac >>> 5")
    site.add("tarmac-kv-shed", {"kvstore.shed": "shed_mod:P"}, requires=requires)
    found = Catalog.discover().find("kvstore.shed")
    assert found is not None
    assert found.api_range == ""


def test_prefixes_are_the_last_parts_of_all_names(site: Site) -> None:
    site.add("acme-shed", {"kvstore.garden-shed": "shed_mod:P", "gates": "gate_mod:P"})
    assert {"garden_shed", "gates"} <= Catalog.discover().prefixes()


def test_a_missing_backend_is_told_with_what_is_installed_and_what_provides_it(site: Site) -> None:
    site.add("acme-shed", {"sheds.wood": "shed_mod:P"}, modules={"shed_mod": backend_source("wood", "sheds")})
    catalog = Catalog.discover()
    problem = catalog.missing("sheds.brick", where="APP_SHEDS_TYPE (environment)")
    assert str(problem).startswith(
        "APP_SHEDS_TYPE (environment): no sheds backend 'brick' is installed; installed: wood"
    )
    assert catalog.missing("sheds.woood").remedy == "did you mean wood?"
    nothing = Catalog.of([])
    assert nothing.missing("kvstore.cassandra").remedy == "pip install tarmac-kv-cassandra"
    assert nothing.missing("kvstore.casandra").remedy == "did you mean cassandra? pip install tarmac-kv-cassandra"


def test_a_missing_capability_is_told_with_the_package_that_provides_it() -> None:
    problem = Catalog.of([]).missing("sql")
    assert problem.what == "no plugin 'sql' is installed; installed: none"
    assert problem.remedy == "pip install tarmac-sql"

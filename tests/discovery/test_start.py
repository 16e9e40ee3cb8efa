"""A start with strangers' plugins on the path: what is wrong with them is told together, and nobody hides another."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tarmac_core.app import Blueprint, Options, inspect
from tarmac_core.registry import catalog
from tests.distributions import Site, backend_source, plugin_source


def _inspect(folder: Path, **environ: str) -> Blueprint:
    return inspect(Options(environ=environ, cwd=folder), needs_listener=False)


def test_everything_wrong_is_reported_together(site: Site, tmp_path: Path) -> None:
    site.add("acme", {"kvstore.shed": "shed_mod:P"}, modules={"shed_mod": "raise ValueError('acme is broken')"})
    site.add("bolt", {"far": "far_mod:P"}, version="1.1", modules={"far_mod": plugin_source("far")})
    site.add("crux", {"far": "far2_mod:P"}, version="2.2", modules={"far2_mod": plugin_source("far")})
    blueprint = _inspect(
        tmp_path, APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="shed", APP_ENABLE_QUEUE="true", APP_WASM_POOL_SIZE="many"
    )
    text = "\n".join(map(str, blueprint.problems))
    assert "plugin kvstore.shed (acme 1.0): import raised ValueError: acme is broken" in text
    assert "plugin far: is claimed by bolt 1.1 (far_mod:P) and by crux 2.2 (far2_mod:P)" in text
    assert "no plugin 'queue' is installed" in text
    assert "wasm_pool_size" in text.lower()


def test_a_broken_plugin_that_nothing_needs_is_a_warning(site: Site, tmp_path: Path) -> None:
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": "raise ValueError('broken')"})
    blueprint = _inspect(tmp_path)
    assert not [problem for problem in blueprint.problems if "acme" in str(problem)]
    assert [warning for warning in blueprint.warnings if "plugin acme (acme 1.0): import raised ValueError" in warning]


def test_a_hook_that_raises_in_a_plugin_that_nothing_needs_is_a_warning(site: Site, tmp_path: Path) -> None:
    hooks = """
    @hookimpl
    def tarmac_routes(self, settings): raise ValueError('broken')
    @hookimpl
    def tarmac_observers(self, settings): return [ObserverSpec('half', None)]
    """
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": plugin_source("acme", hooks)})
    blueprint = _inspect(tmp_path)
    assert not [problem for problem in blueprint.problems if "acme" in str(problem)]
    assert [warning for warning in blueprint.warnings if "tarmac_routes raised ValueError: broken" in warning]
    assert "half" not in blueprint.tables.observers


def test_a_plugin_named_in_plugins_disabled_is_not_imported(site: Site, tmp_path: Path) -> None:
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": "raise ValueError('broken')"})
    blueprint = _inspect(tmp_path, APP_PLUGINS_DISABLED="acme")
    assert not [warning for warning in blueprint.warnings if "acme" in warning]
    assert "acme_mod" not in sys.modules


def test_a_backend_that_nothing_selects_is_not_imported(site: Site, tmp_path: Path) -> None:
    site.add("acme", {"kvstore.shed": "shed_mod:P"}, modules={"shed_mod": backend_source("shed")})
    _inspect(tmp_path, APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="memory")
    assert "shed_mod" not in sys.modules
    _inspect(tmp_path, APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="shed")
    assert "shed_mod" in sys.modules


def test_a_backend_made_for_another_tarmac_is_an_error_in_words(site: Site, tmp_path: Path) -> None:
    site.add("acme", {"kvstore.shed": "shed_mod:P"}, requires=("tarmac>=7",), modules={"shed_mod": "1 / 0"})
    blueprint = _inspect(tmp_path, APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="shed")
    text = "\n".join(map(str, blueprint.problems))
    assert "plugin kvstore.shed (acme 1.0): needs tarmac >=7, and this is tarmac 0.1.0" in text


def test_an_unknown_backend_is_told_with_those_installed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "KNOWN_PACKAGES", {"kvstore.barn": "tarmac-kv-barn"})
    site.add("acme", {"kvstore.shed": "shed_mod:P"}, modules={"shed_mod": backend_source("shed")})
    blueprint = _inspect(tmp_path, APP_ENABLE_KVSTORE="true", APP_KVSTORE_TYPE="barn")
    (problem,) = (problem for problem in blueprint.problems if "barn" in problem.what)
    assert "shed" in problem.what
    assert problem.remedy == "pip install tarmac-kv-barn"
    assert "kvstore_type" in problem.where.lower()


def test_a_hook_that_hangs_ends_the_command_with_its_name_after_ten_seconds(site: Site, tmp_path: Path) -> None:
    hook = "@hookimpl\ndef tarmac_routes(self, settings):\n    while True:\n        time.sleep(1)"
    site.add("acme", {"acme": "acme_mod:P"}, modules={"acme_mod": plugin_source("acme", hook)})
    begun = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "tarmac_core", "check", "--no-tls"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site.folder)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 10 <= time.monotonic() - begun < 25
    assert run.returncode == 2
    assert "error: plugin acme (acme 1.0): tarmac_routes did not return within 10 s" in run.stdout + run.stderr

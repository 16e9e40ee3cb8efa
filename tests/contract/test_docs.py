"""The documentation says what the code does: it builds, its tables are current, its links lead somewhere, its code runs."""

import dataclasses
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from tarmac_core import plugin as contract
from tarmac_core.config import CoreSettings, HttpRoute, setting_rows
from tarmac_core.config.manifest_models import FunctionShape, ServiceShape
from tarmac_core.plugin import Hooks

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]
TEXTS = [*PAGES, *ROOT.glob("*.md"), *sorted(ROOT.glob("plugins/*/README.md"))]
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def plugin_classes() -> Iterator[tuple[str, Any]]:
    """The folder and an instance of each plugin of this repository."""
    for project in sorted(ROOT.glob("plugins/tarmac-*/pyproject.toml")):
        entry_points = tomllib.loads(project.read_text())["project"]["entry-points"]["tarmac.plugins"]
        for value in sorted(set(entry_points.values())):
            module, _, name = value.partition(":")
            yield project.parent.name.removeprefix("tarmac-"), getattr(import_module(module), name)()


def declared(plugin: Any, hook: str) -> list[Any]:
    model = plugin.tarmac_plugin_info().settings_model
    return list(getattr(plugin, hook)(model.model_construct())) if hasattr(plugin, hook) else []


PLUGINS = list(plugin_classes())
IDS = [page for page, _ in PLUGINS]


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def blocks(path: Path, kind: str) -> list[str]:
    return [match["text"] for match in FENCE.finditer(path.read_text()) if match["kind"] == kind]


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    run(
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-d",
        str(tmp_path / "trees"),
        str(DOCS),
        str(tmp_path / "html"),
    )
    assert (tmp_path / "html" / "plugins" / "writing.html").is_file()
    assert (tmp_path / "html" / "tarmac.schema.json").is_file()


def test_what_is_generated_is_current() -> None:
    assert run("docs/generate.py", "--check") == ""


def test_a_page_that_is_not_current_is_named(tmp_path: Path) -> None:
    stale = DOCS.joinpath("reference", "settings.md").read_text().replace("`APP_LISTEN_ADDR`", "`APP_LISTEN`")
    code = f"import runpy; g = runpy.run_path({str(DOCS / 'generate.py')!r}); m = g['_makers'](); import functools;"
    code += "import sys; t = sys.stdin.read(); print(g['BLOCK'].sub(functools.partial(g['_filled'], m), t) == t)"
    done = subprocess.run(
        [sys.executable, "-c", code], input=stale, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("row", list(setting_rows(CoreSettings, "")), ids=lambda row: row.key)
def test_every_setting_of_core_is_on_the_settings_page_with_its_default(row: Any) -> None:
    line = next(line for line in (DOCS / "reference/settings.md").read_text().splitlines() if f"| `{row.key}`" in line)
    assert f"`{row.variable}`" in line
    assert row.help.replace("|", "\\|") in line
    assert json.dumps(row.default) in line or row.default in ("", None, [])


@pytest.mark.parametrize(("page", "plugin"), PLUGINS, ids=IDS)
def test_every_plugin_has_a_page_with_its_settings_routes_and_grants(page: str, plugin: Any) -> None:
    text = (DOCS / "plugins" / f"{page}.md").read_text()
    info = plugin.tarmac_plugin_info()
    for row in setting_rows(info.settings_model, info.prefix):
        assert f"| `{row.key}`" in text
        assert f"`{row.variable}`" in text
    capabilities = declared(plugin, "tarmac_capabilities")
    models = [spec.route_model for spec in (*declared(plugin, "tarmac_triggers"), *capabilities) if spec.route_type]
    models += [spec.grant_model for spec in capabilities if spec.grant_model]
    for name in (name for model in models for name in model.model_fields):
        assert f"| `{name}` |" in text


@pytest.mark.parametrize("page", sorted(set(IDS)))
def test_every_plugins_page_has_a_snippet_its_settings_and_its_messages(page: str) -> None:
    text = (DOCS / "plugins" / f"{page}.md").read_text()
    assert any(match["kind"] in ("toml", "json", "yaml", "go", "sh") for match in FENCE.finditer(text))
    for heading in ("## Settings", "## Messages"):
        assert text.count(f"{heading}\n") == 1


@pytest.mark.parametrize(("page", "plugin"), PLUGINS, ids=IDS)
def test_every_route_type_is_in_the_manifest_reference_with_its_fields(page: str, plugin: Any) -> None:
    text = (DOCS / "reference" / "manifest.md").read_text()
    specs = [*declared(plugin, "tarmac_triggers"), *declared(plugin, "tarmac_capabilities")]
    for spec in (spec for spec in specs if spec.route_type):
        section = text.split(f"## Route of type {spec.route_type}\n")[1].split("\n## ")[0]
        assert all(f"| `{name}` |" in section for name in spec.route_model.model_fields)


@pytest.mark.parametrize("model", [HttpRoute, ServiceShape, FunctionShape])
def test_every_field_of_the_manifest_is_in_its_reference(model: Any) -> None:
    text = (DOCS / "reference" / "manifest.md").read_text()
    assert all(f"| `{name}` |" in text for name in model.model_fields)


@pytest.mark.parametrize("hook", [name for name in vars(Hooks) if name.startswith("tarmac_")])
def test_every_hook_is_documented_with_its_arguments(hook: str) -> None:
    arguments = ", ".join(name for name in signature(getattr(Hooks, hook)).parameters if name != "self")
    assert f"| `{hook}({arguments}) -> " in (DOCS / "plugins" / "writing.md").read_text()


def test_there_are_seven_hooks() -> None:
    assert sum(name.startswith("tarmac_") for name in vars(Hooks)) == 7


@pytest.mark.parametrize(
    "name", [name for name in contract.__all__ if name.endswith(("Spec", "Info", "Context", "Operation"))]
)
def test_everything_that_hooks_give_or_get_is_documented_with_its_fields(name: str) -> None:
    section = (DOCS / "plugins" / "writing.md").read_text().split(f"### `{name}`\n")[1].split("\n### ")[0]
    assert all(f"| `{field.name}` | `" in section for field in dataclasses.fields(getattr(contract, name)))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for match in LINK.finditer(FENCE.sub("", path.read_text())):
        target, _, heading = match["target"].partition("#")
        if "://" in target:
            continue
        file = (path.parent / target).resolve() if target else path
        assert file.is_file(), f"{path.name}: {match['target']}"
        assert file.is_relative_to(ROOT), f"{path.name}: {match['target']}"
        assert not heading or heading in headings(file), f"{path.name}: {match['target']}"


def headings(path: Path) -> set[str]:
    if path.name == "security.md":
        path = ROOT / "SECURITY.md"
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md", DOCS / "index.md"]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        text = path.read_text()
        names = [match["target"].partition("#")[0] for match in LINK.finditer(text)]
        names += [f"{name}.md" for name in re.findall(r"^[\w./-]+$", "".join(blocks(path, "{toctree}")), re.MULTILINE)]
        names += ["0*.md"] if path.parent.name == "decisions" else []
        found = [file.resolve() for name in names if name and "://" not in name for file in _files(path.parent, name)]
        waiting += [file for file in found if file.suffix == ".md" and file not in reached]
    assert set(PAGES) <= reached


def _files(folder: Path, name: str) -> list[Path]:
    return sorted(folder.glob(name)) if "*" in name else [path for path in [folder / name] if path.is_file()]


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", DOCS / "tutorial.md"], ids=lambda path: path.name
)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    text = path.read_text()
    commands = [*re.findall(r"`make ([^`]+)`", text), *re.findall(r"^\$ make (.+)$", text, re.MULTILINE)]
    named = {
        word for command in commands for word in command.partition("#")[0].split() if re.fullmatch(r"[a-z-]+", word)
    }
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named, path
    assert named <= targets


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_command_that_is_named_exists_with_its_options(path: Path) -> None:
    known = (DOCS / "reference" / "command-line.md").read_text()
    sections = {part.partition("`")[0]: part for part in known.split("\n## `tarmac ")[1:]}
    for line in re.findall(r"^\$ (?:\w+=\S+ )*(?:\S*/)?tarmac(?!\S)(.*)$", path.read_text(), re.MULTILINE):
        words = line.partition("#")[0].split()
        command = next((name for name in (" ".join(words[:2]), " ".join(words[:1])) if name in sections), "")
        assert command or set(words) <= {"--version"}, line
        options = [word for word in words if word.startswith("--")]
        assert not command or all(
            re.search(rf"^  {option}\b", sections[command], re.MULTILINE) for option in options
        ), line


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_toml_and_whole_json_of_the_pages_can_be_read(path: Path) -> None:
    for text in blocks(path, "toml"):
        tomllib.loads(text)
    for text in blocks(path, "json"):
        if text.startswith("{\n"):
            assert "services" in json.loads(text)


def test_the_backend_and_the_tests_on_the_writing_page_work(tmp_path: Path) -> None:
    module, *tests = [
        text
        for text in blocks(DOCS / "plugins" / "writing.md", "python")
        if re.search("^(from|import) ", text, re.MULTILINE)
    ]
    (tmp_path / "tarmac_kv_litefile").mkdir()
    (tmp_path / "tarmac_kv_litefile" / "__init__.py").write_text(module)
    for number, text in enumerate(tests):
        (tmp_path / f"test_{number}.py").write_text(text)
    options = (
        "filterwarnings = error",
        "pythonpath = .",
        "asyncio_mode = auto",
        "asyncio_default_fixture_loop_scope = function",
    )
    (tmp_path / "pytest.ini").write_text("\n".join(("[pytest]", *options)))
    out = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path), cwd=tmp_path)
    assert re.search(r"\d+ passed", out)
    assert len(tests) == 2

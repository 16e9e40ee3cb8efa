"""Write what the documentation takes from the code: tables of settings, routes, grants, hooks; the schema; the command line.

`python docs/generate.py` rewrites the parts between `<!-- generated: NAME -->` and `<!-- end generated -->` of every page;
`--check` changes nothing and fails when a page is not what the code says. Needs the core and all plugins installed.
"""

import dataclasses
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from tarmac_core import plugin as contract
from tarmac_core.config import CoreSettings, HttpRoute, manifest_schema, setting_rows
from tarmac_core.config.manifest_models import FunctionShape, ServiceShape
from tarmac_core.plugin import Hooks, PluginSettings

DOCS = Path(__file__).resolve().parent
PLUGINS = DOCS.parent / "plugins"
BLOCK = re.compile(r"(<!-- generated: (?P<name>[^>]+?) -->\n).*?(<!-- end generated -->)", re.DOTALL)
SPECS = (
    contract.PluginInfo,
    contract.ConfigSourceSpec,
    contract.CapabilitySpec,
    contract.Operation,
    contract.BackendSpec,
    contract.TriggerSpec,
    contract.RouteSpec,
    contract.ObserverSpec,
    contract.Context,
)


def main(arguments: list[str]) -> int:
    """Return 0 when every page is current, or has been made so."""
    stale = [path for path, text in _wanted() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        print(*(f"{path.relative_to(DOCS)} is not current: run `make generate`" for path in stale), sep="\n", end="")
        return bool(stale)
    for path, text in _wanted():
        path.write_text(text)
    return 0


def _wanted() -> Iterator[tuple[Path, str]]:
    makers = _makers()
    yield DOCS / "reference" / "tarmac.schema.json", json.dumps(_schema(), indent=2) + "\n"
    for path in sorted(DOCS.rglob("*.md")):
        yield path, BLOCK.sub(partial(_filled, makers), path.read_text())


def _filled(makers: dict[str, Callable[[], str]], match: re.Match[str]) -> str:
    return f"{match[1]}\n{makers[match['name']]().strip()}\n\n{match[3]}"


def _makers() -> dict[str, Callable[[], str]]:
    """What each block's name stands for."""
    makers: dict[str, Callable[[], str]] = {
        "settings core": lambda: _settings(CoreSettings, ""),
        "hooks": _hooks,
        "specs": lambda: "\n\n".join(_spec(spec) for spec in SPECS),
        "events": _events,
        "command line": _command_line,
        "fields service": lambda: _fields(ServiceShape),
        "fields function": lambda: _fields(FunctionShape),
        "route http": lambda: _fields(HttpRoute),
        "plugins": _plugin_list,
    }
    for plugin in _plugins().values():
        info = plugin.tarmac_plugin_info()
        makers[f"settings {info.name}"] = partial(_settings, info.settings_model, info.prefix)
        for spec in _declared(plugin, "tarmac_triggers"):
            makers[f"route {spec.route_type}"] = partial(_fields, spec.route_model)
        for spec in _declared(plugin, "tarmac_capabilities"):
            if spec.route_type:
                makers[f"route {spec.route_type}"] = partial(_fields, spec.route_model)
            if spec.grant_model:
                makers[f"grant {spec.name}"] = partial(_fields, spec.grant_model)
    return makers


def _entry_points() -> Iterator[tuple[str, str, str]]:
    """Distribution, entry point and value, from the sources."""
    for project in sorted(PLUGINS.glob("tarmac-*/pyproject.toml")):
        read = tomllib.loads(project.read_text())["project"]
        for name, value in read["entry-points"]["tarmac.plugins"].items():
            yield read["name"], name, value


def _plugins() -> dict[str, Any]:
    """One instance of each plugin class of this repository, by its value; aliases share it."""
    found: dict[str, Any] = {}
    for _, _, value in _entry_points():
        module, _, name = value.partition(":")
        found[value] = getattr(import_module(module), name)()
    return found


def _declared(plugin: Any, hook: str) -> list[Any]:
    if not hasattr(plugin, hook):
        return []
    return list(getattr(plugin, hook)(plugin.tarmac_plugin_info().settings_model.model_construct()))


def _plugin_list() -> str:
    rows: dict[str, list[str]] = {}
    for distribution, name, _ in _entry_points():
        rows.setdefault(distribution, []).append(f"`{name}`")
    page = "[{0}]({0}.md)"
    return _table(
        ("Page", "Distribution", "Entry points"),
        [(page.format(one.removeprefix("tarmac-")), f"`{one}`", ", ".join(names)) for one, names in rows.items()],
    )


def _settings(model: type[PluginSettings], prefix: str) -> str:
    rows = [
        (
            "<br>".join(f"`{name}`" for name in (row.key, *row.aliases, row.variable)),
            row.type,
            "required" if row.is_required else _default(row.default),
            row.help + (f" ({row.unit})" if row.unit else ""),
        )
        for row in setting_rows(model, prefix)
    ]
    return _table(("Key", "Type", "Default", "Meaning"), rows) if rows else "It has no settings."


def _fields(model: type[BaseModel]) -> str:
    rows = [
        (
            f"`{name}`",
            "required" if field.is_required() else _default(field.get_default(call_default_factory=True)),
            field.description or "",
        )
        for name, field in model.model_fields.items()
    ]
    return _table(("Field", "Default", "Meaning"), rows)


def _default(value: Any) -> str:
    if value is None or value == "":
        return "none"
    shown = list(value) if isinstance(value, tuple) else value
    return f"`{json.dumps(shown, default=str)}`"


def _hooks() -> str:
    hooks = [member for name, member in vars(Hooks).items() if name.startswith("tarmac_")]
    rows = [(f"`{hook.__name__}{_signature(hook)}`", inspect.getdoc(hook) or "") for hook in hooks]
    return _table(("Hook", "What it does"), rows)


def _signature(hook: Callable[..., Any]) -> str:
    signature = inspect.signature(hook)
    names = [name for name in signature.parameters if name != "self"]
    return f"({', '.join(names)}) -> {_type(signature.return_annotation)}"


def _spec(spec: type) -> str:
    rows = [
        (f"`{field.name}`", f"`{_type(field.type)}`", "required" if _is_required(field) else _spec_default(field))
        for field in dataclasses.fields(spec)
    ]
    text = (inspect.getdoc(spec) or "").replace("<name>", "NAME")
    return f"### `{spec.__name__}`\n\n{text}\n\n{_table(('Field', 'Type', 'Default'), rows)}"


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _spec_default(field: "dataclasses.Field[Any]") -> str:
    value = field.default
    return f"`{value.__name__}`" if isinstance(value, type) else f"`{value!r}`"


def _events() -> str:
    events = [value for value in vars(contract).values() if isinstance(value, type) and _is_event(value)]
    rows = [
        (
            f"`{_method(event)}`",
            ", ".join(f"`{field.name}`" for field in dataclasses.fields(event)),
            inspect.getdoc(event) or "",
        )
        for event in events
    ]
    return _table(("Method", "Fields of its event", "When"), rows)


def _is_event(kind: type) -> bool:
    return kind.__module__ == "tarmac_core.plugin.events" and dataclasses.is_dataclass(kind)


def _method(event: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


def _type(annotation: Any) -> str:
    text = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text)


def _command_line() -> str:
    main_command = import_module("tarmac_core.cli").main
    return "\n\n".join(_help(main_command, click.Context(main_command, info_name="tarmac", terminal_width=100)))


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _help(child, click.Context(child, info_name=name, parent=context, terminal_width=100))


def _schema() -> dict[str, Any]:
    routes: dict[str, Any] = {}
    grants: dict[str, Any] = {}
    for plugin in _plugins().values():
        specs = _declared(plugin, "tarmac_triggers") + _declared(plugin, "tarmac_capabilities")
        routes |= {spec.route_type: spec.route_model for spec in specs if spec.route_type}
        grants |= {spec.name: spec.grant_model for spec in _declared(plugin, "tarmac_capabilities")}
    return manifest_schema(dict(sorted(routes.items())), dict(sorted(grants.items())))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Imports plugins and asks their hooks, so that everything wrong with them shows before a start."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tarmac_core.config import Raw, bind
from tarmac_core.plugin import Problem
from tarmac_core.registry import HOOK_NAMES, Catalog, Declarations, Plugin, Tables, declare, load


@dataclass(frozen=True, slots=True)
class Checked:
    """One plugin: its declaring hooks and the flat keys of its settings, both empty when it could not be imported."""

    name: str
    owner: str
    is_ok: bool
    hooks: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """Every plugin that was looked at, and everything wrong."""

    plugins: tuple[Checked, ...]
    problems: tuple[Problem, ...]


def check_plugins(names: Sequence[str], raw: Raw) -> Findings:
    """Check the plugins with these names, or all that are installed; what they require is loaded beside them.

    Hooks are asked with the settings that `raw` gives, a plugin whose settings are wrong is not asked.
    """
    catalog = Catalog.discover()
    wanted = tuple(names) or tuple(catalog.by_name)
    loaded = load(catalog, [*wanted, *(name for name in catalog.by_name if names)], selected=set(wanted))
    chosen = [plugin for plugin in loaded.plugins if set(plugin.installed.names) & set(wanted)]
    declared: list[Declarations] = []
    problems = [*loaded.problems, *(one for one in catalog.collisions if not names)]
    checked = [_check(plugin, raw, declared, problems) for plugin in chosen]
    problems += Tables.build(declared)[1]
    broken = {one.where for one in loaded.problems}
    failed = [Checked(one.name, one.owner, is_ok=False) for one in catalog.plugins if one.where in broken]
    return Findings(tuple(sorted([*checked, *failed], key=lambda one: one.name)), tuple(problems))


def _check(plugin: Plugin, raw: Raw, declared: list[Declarations], problems: list[Problem]) -> Checked:
    bound = bind(plugin.info.settings_model, plugin.info.prefix, raw)
    found = list(bound.problems)
    if bound.settings is not None:
        declarations, wrong = declare(plugin, bound.settings)
        declared.append(declarations)
        found += wrong
    problems += found
    hooks = tuple(hook.removeprefix("tarmac_") for hook in HOOK_NAMES[1:] if plugin.implements(hook))
    return Checked(plugin.name, plugin.owner, not found, hooks, tuple(_keys(plugin)))


def _keys(plugin: Plugin) -> Iterable[str]:
    return (f"{plugin.info.prefix}_{name}" for name in plugin.info.settings_model.model_fields)

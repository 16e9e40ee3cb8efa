"""Import plugins one by one, each judged alone, so that a broken one hides no other."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

import pluggy

from tarmac_core.plugin import API_VERSION, PROJECT_NAME, Hooks, PluginInfo, PluginSettings, Problem
from tarmac_core.registry.catalog import Catalog
from tarmac_core.registry.guard import HOOK_LIMIT_S, Hang, PluginFaultError, call_within, problem_of
from tarmac_core.registry.installed import Installed, load_class, mismatch

REMEDY = "correct or upgrade the plugin, uninstall it, or name it in plugins_disabled"
HOOK_NAMES = tuple(name for name in vars(Hooks) if name.startswith("tarmac_"))


@dataclass(frozen=True, slots=True)
class Plugin:
    """One imported plugin: its own instance, registered with a pluggy manager of its own."""

    installed: Installed
    info: PluginInfo
    manager: pluggy.PluginManager

    @property
    def name(self) -> str:
        """The name that the plugin gives itself, one of its entry points'."""
        return self.info.name

    @property
    def owner(self) -> str:
        """Distribution and version, as messages name it."""
        return self.installed.owner

    @property
    def where(self) -> str:
        """Name and owner, for the front of a message."""
        return f"plugin {self.name} ({self.owner})"

    def implements(self, hook: str) -> bool:
        """Whether it has this hook."""
        return bool(getattr(self.manager.hook, hook).get_hookimpls())


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that cannot be used, and why."""

    installed: Installed
    problem: Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load` gives: usable plugins, errors of those that configuration selects or that hang, other broken ones."""

    plugins: tuple[Plugin, ...]
    problems: tuple[Problem, ...]
    broken: tuple[Broken, ...]


def load(
    catalog: Catalog,
    names: Iterable[str],
    *,
    selected: Set[str],
    beside: Iterable[Plugin] = (),
    limit_s: float = HOOK_LIMIT_S,
) -> Loaded:
    """Import the plugins with these names, in this order, each once however many of its names are given.

    `selected` are the names that configuration asks for, `beside` the plugins loaded before, which these may require;
    `limit_s` is the longest that an import or a hook may take. Every plugin is tried. A name that is not installed is a
    problem when it is selected, and passed over otherwise.
    """
    problems = [catalog.missing(name) for name in sorted(selected) if catalog.find(name) is None]
    wanted = {plugin.names: plugin for name in names if (plugin := catalog.find(name))}
    tried = [load_one(plugin, version=catalog.version, limit_s=limit_s) for plugin in wanted.values()]
    usable, lacking = _with_required([one for one in tried if isinstance(one, Plugin)], _names(beside), catalog)
    broken = [*(one for one in tried if isinstance(one, Broken)), *lacking]
    needed = {one for one in broken if isinstance(one.problem, Hang) or selected & set(one.installed.names)}
    problems += [one.problem for one in broken if one in needed]
    return Loaded(tuple(usable), tuple(problems), tuple(one for one in broken if one not in needed))


def load_one(installed: Installed, *, version: str, limit_s: float = HOOK_LIMIT_S) -> Plugin | Broken:
    """Import one plugin and check it: version range first, then import, hooks, and what it says about itself."""
    if problem := mismatch(installed, version):
        return Broken(installed, problem)
    steps = ["import"]
    try:
        plugin = call_within(limit_s, installed.name, lambda: _make(installed, steps))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit from a plugin is one broken plugin too
        return Broken(installed, problem_of(error, installed.where, steps[-1], REMEDY))
    problem = _other_api(plugin)
    return Broken(installed, problem) if problem else plugin


def register(instance: object, name: str) -> pluggy.PluginManager:
    """Register a plugin's instance with a manager of its own; raises when a hook is unknown, misdeclared or unmarked."""
    manager = pluggy.PluginManager(PROJECT_NAME)
    manager.add_hookspecs(Hooks)
    manager.register(instance, name)
    manager.check_pending()
    for hook in HOOK_NAMES:
        if hasattr(instance, hook) and not getattr(manager.hook, hook).get_hookimpls():
            raise PluginFaultError(f"fail: {hook} lacks the decorator @hookimpl")
    return manager


def identify(names: tuple[str, ...], manager: pluggy.PluginManager) -> PluginInfo:
    """Ask a plugin who it is; raises PluginFaultError when the answer fits none of its entry points' `names`."""
    answers: list[object] = manager.hook.tarmac_plugin_info()
    if not answers:
        raise PluginFaultError("is missing: a plugin has this hook, and it returns a PluginInfo")
    info = answers[0]
    if not isinstance(info, PluginInfo):
        raise PluginFaultError(f"returned {type(info).__name__}, not PluginInfo")
    if info.name not in names:
        raise PluginFaultError(f"returned the name {info.name!r}, but its entry point is {' or '.join(names)}")
    if not (isinstance(info.settings_model, type) and issubclass(info.settings_model, PluginSettings)):
        raise PluginFaultError("returned a settings_model that is no subclass of PluginSettings")
    return info


def _make(installed: Installed, steps: list[str]) -> Plugin:
    factory = load_class(installed)
    if not isinstance(factory, type):
        raise PluginFaultError(f"of {installed.value} gave no class")
    steps.append(f"{factory.__name__}()")
    instance = factory()
    steps.append("hooks")
    manager = register(instance, installed.name)
    steps.append("tarmac_plugin_info")
    return Plugin(installed, identify(installed.names, manager), manager)


def _other_api(plugin: Plugin) -> Problem | None:
    theirs = plugin.info.api_version
    if theirs == API_VERSION:
        return None
    older, remedy = (
        ("plugin", f"pip install --upgrade {plugin.installed.distribution}")
        if theirs < API_VERSION
        else ("Tarmac", "pip install --upgrade tarmac")
    )
    return Problem(
        plugin.installed.where,
        f"speaks plugin API {theirs}, and this Tarmac speaks {API_VERSION}: the {older} is too old",
        remedy,
    )


def _with_required(plugins: list[Plugin], here: Set[str], catalog: Catalog) -> tuple[list[Plugin], list[Broken]]:
    """Part the plugins whose `requires` are all there from the others, which may be required in their turn."""
    broken: list[Broken] = []
    while lacking := [one for plugin in plugins if (one := _lacking(plugin, here | _names(plugins), catalog))]:
        broken += lacking
        gone = {one.installed for one in lacking}
        plugins = [plugin for plugin in plugins if plugin.installed not in gone]
    return plugins, broken


def _names(plugins: Iterable[Plugin]) -> Set[str]:
    return {name for plugin in plugins for name in plugin.installed.names}


def _lacking(plugin: Plugin, here: Set[str], catalog: Catalog) -> Broken | None:
    name = next((name for name in plugin.info.requires if name not in here), None)
    if name is None:
        return None
    if catalog.find(name) is None:
        problem = Problem(
            plugin.installed.where, f"requires the plugin {name}, which is not installed", catalog.missing(name).remedy
        )
    else:
        problem = Problem(
            plugin.installed.where,
            f"requires the plugin {name}, which is disabled or broken",
            f"enable {name}, or correct it",
        )
    return Broken(plugin.installed, problem)

"""What package metadata says about a plugin, read without importing it."""

import importlib.metadata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tarmac_core.plugin import ENTRY_POINT_GROUP, PROJECT_NAME, Problem


@dataclass(frozen=True, slots=True)
class Installed:
    """One plugin as its distribution declares it: all entry points of one distribution with one value.

    `name` is its first entry point's name, `aliases` the others; which of them the plugin itself prefers is known only
    once it is imported (`PluginInfo.name`). `value` is `module:Class`. `api_range` is the range of versions of Tarmac
    that the distribution asks for, empty when it names none.
    """

    name: str
    value: str
    distribution: str
    version: str
    api_range: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it is known by."""
        return (self.name, *self.aliases)

    @property
    def owner(self) -> str:
        """Distribution and version, as messages name it."""
        return f"{self.distribution} {self.version}"

    @property
    def where(self) -> str:
        """Name and owner, for the front of a message."""
        return f"plugin {self.name} ({self.owner})"

    @property
    def module(self) -> str:
        """The module that holds the class."""
        return self.value.partition(":")[0].strip()


def kind_of(name: str) -> str:
    """What a plugin with this name is, in words: a dotted name says it, of any other only the plugin knows."""
    group = name.rpartition(".")[0]
    if not group:
        return "plugin"
    return "config source" if group == "config" else f"{group} backend"


def read_installed() -> tuple[list[Installed], list[Problem]]:
    """Read the metadata of every distribution on `sys.path` that declares plugins.

    A distribution whose metadata cannot be read is a problem of its own and hides no other. Of two distributions with one
    name the first on the path counts, as it does for `import`.
    """
    found: dict[str, list[Installed]] = {}
    problems: list[Problem] = []
    for distribution in importlib.metadata.distributions():
        try:
            text = distribution.read_text("entry_points.txt")
            if text is None or ENTRY_POINT_GROUP not in text:
                continue
            found.setdefault(canonicalize_name(distribution.name), list(_read(distribution)))
        except Exception as error:  # noqa: BLE001 - anything can be in another's metadata
            problems.append(_unreadable(distribution, error))
    return [plugin for plugins in found.values() for plugin in plugins], problems


def core_version() -> str:
    """The version of Tarmac that is installed; empty when it runs without having been installed."""
    try:
        return importlib.metadata.version(PROJECT_NAME)
    except importlib.metadata.PackageNotFoundError:
        return ""


def load_class(installed: Installed) -> object:
    """Import what the entry point names; raises whatever the import raises."""
    entry_point = importlib.metadata.EntryPoint(name=installed.name, value=installed.value, group=ENTRY_POINT_GROUP)
    loaded: object = entry_point.load()
    return loaded


def mismatch(installed: Installed, version: str) -> Problem | None:
    """Tell when the distribution asks for another Tarmac than `version`; an unknown version matches everything."""
    if not version or SpecifierSet(installed.api_range).contains(version, prereleases=True):
        return None
    return Problem(
        installed.where,
        f"needs tarmac {installed.api_range}, and this is tarmac {version}",
        f'install the two versions that fit: pip install --upgrade tarmac "{installed.distribution}"',
    )


def _read(distribution: importlib.metadata.Distribution) -> Iterator[Installed]:
    names: dict[str, list[str]] = {}
    for entry_point in distribution.entry_points.select(group=ENTRY_POINT_GROUP):
        names.setdefault(entry_point.value, []).append(entry_point.name)
    for value, (name, *aliases) in names.items():
        yield Installed(
            name=name,
            value=value,
            distribution=distribution.name,
            version=distribution.version or "without a version",
            api_range=_range(distribution.requires or ()),
            aliases=tuple(aliases),
        )


def _range(requirements: Iterable[str]) -> str:
    ranges = SpecifierSet()
    for text in requirements:
        if text.startswith(PROJECT_NAME):
            ranges &= _range_of(text)
    return str(ranges)


def _range_of(text: str) -> SpecifierSet:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return SpecifierSet()
    is_meant = canonicalize_name(requirement.name) == PROJECT_NAME
    applies = requirement.marker is None or requirement.marker.evaluate()
    return requirement.specifier if is_meant and applies else SpecifierSet()


def _unreadable(distribution: importlib.metadata.Distribution, error: Exception) -> Problem:
    folder = str(getattr(distribution, "_path", "a distribution"))
    return Problem(
        folder, f"its metadata cannot be read: {type(error).__name__}: {error}", "install the distribution again"
    )

"""Find and read what the environment and the configuration file say."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tarmac_core.config.json_text import parse_json
from tarmac_core.config.node import Node, TextError, position, read_file
from tarmac_core.config.raw import Raw
from tarmac_core.config.references import References
from tarmac_core.config.stores import read_stores
from tarmac_core.config.values import RawValue, flatten
from tarmac_core.plugin import Problem

VARIABLE_PREFIX = "APP_"
FOLDER = "conf"
_SUFFIXES = (".json", ".toml", ".yaml", ".yml")
_UNREAD_SUFFIXES = (".properties", ".props", ".prop", ".hcl", ".tfvars", ".dotenv", ".env", ".ini")


def read_raw(*, environ: Mapping[str, str], file: Path | None, cwd: Path) -> tuple[Raw, list[Problem]]:
    """Read the variables `APP_*` and one file: `file`, or the first `config.{json,toml,yaml,yml}` in `cwd`/conf.

    A named file must exist; without any file the environment stands alone. Values stay unread until `bind`.
    """
    references = References(environ, cwd)
    path, notes, problems = _choose(file, cwd)
    root = Node({})
    if path is not None:
        try:
            root = _parse(path, _shown(path, cwd))
        except _UnreadableError as error:
            problems.append(error.problem)
    name = _shown(path, cwd) if path else ""
    tables, stores, store_problems = read_stores(root, name, references)
    values = {**flatten(tables, name), **_variables(environ)}
    return Raw(values, stores, references, name, notes), [*problems, *store_problems]


def variable(key: str) -> str:
    """The environment variable of a flat key."""
    return VARIABLE_PREFIX + key.upper()


def _variables(environ: Mapping[str, str]) -> dict[str, RawValue]:
    """Variables count when they are upper case throughout, as upstream; others keep their case and stay unknown."""
    values = {}
    for name, text in environ.items():
        key = name.removeprefix(VARIABLE_PREFIX)
        if name.startswith(VARIABLE_PREFIX) and key:
            values[key.lower() if key == key.upper() else key] = RawValue(text, f"{name} (environment)")
    return values


def _choose(file: Path | None, cwd: Path) -> tuple[Path | None, tuple[str, ...], list[Problem]]:
    """The file to read, notes about files that are passed over, and problems with what is there."""
    if file is not None:
        return cwd / file, (), []
    folder = cwd / FOLDER
    found = [path for suffix in _SUFFIXES if (path := folder / f"config{suffix}").exists()]
    if found:
        notes = tuple(f"{_shown(path, cwd)} is not read, since {_shown(found[0], cwd)} is there" for path in found[1:])
        return found[0], notes, []
    unread = [path for suffix in _UNREAD_SUFFIXES if (path := folder / f"config{suffix}").exists()]
    remedy = "write it as conf/config.toml, config.yaml or config.json"
    return None, (), [Problem(_shown(path, cwd), "this format is not read", remedy) for path in unread]


class _UnreadableError(Exception):
    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.problem = Problem(where, what, remedy)


def _parse(path: Path, shown: str) -> Node:
    parse = _parser(path.suffix.lower())
    if parse is None:
        raise _UnreadableError(shown, "this format is not read", "name a .json, .toml, .yaml or .yml file")
    try:
        root = parse(read_file(path))
    except FileNotFoundError:
        raise _UnreadableError(shown, "the configuration file is missing", "create it, or name another one") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _UnreadableError(shown, f"the configuration file cannot be read: {reason}", "make it readable") from None
    except TextError as error:
        where = f"{shown} {position(error.line, error.column)}".rstrip()
        raise _UnreadableError(where, error.what, error.remedy) from None
    if not isinstance(root.value, dict):
        raise _UnreadableError(f"{shown} line 1", "the top level must be a table", "write keys and values")
    return root


def _parser(suffix: str) -> Callable[[bytes], Node] | None:
    """The reader of a format, imported only when it is needed."""
    if suffix == ".json":
        return parse_json
    if suffix == ".toml":
        from tarmac_core.config.toml_text import parse_toml  # noqa: PLC0415 - only for TOML files

        return parse_toml
    if suffix in {".yaml", ".yml"}:
        from tarmac_core.config.yaml_text import parse_yaml  # noqa: PLC0415 - only for YAML files

        return parse_yaml
    return None


def _shown(path: Path, cwd: Path) -> str:
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)

"""TOML with line numbers: `tomllib` reads the values, a scan of the text finds the lines of its keys."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tarmac_core.config.node import Node, TextError, decode

_HEADER = re.compile(r"^\s*\[\[?\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"""^\s*((?:[A-Za-z0-9_.\s-]+|"[^"]*"|'[^']*')+?)\s*=""")
_KEY_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")

Path: TypeAlias = tuple[str, ...]


def parse_toml(data: bytes) -> Node:
    """Parse a whole file. Raises `TextError` with line and column."""
    text = decode(data)
    try:
        values = tomllib.loads(text)
        return _with_lines(values, (), dict(_key_lines(text, values)))
    except tomllib.TOMLDecodeError as error:
        raise _in_words(str(error), text) from None
    except RecursionError:
        raise TextError("is nested too deeply", remedy="use fewer levels") from None


def _in_words(message: str, text: str) -> TextError:
    match = _POSITION.search(message)
    line, column = (int(match[1]), int(match[2])) if match and match[1] else (text.count("\n") + 1, 0)
    what = _POSITION.sub("", message)
    return TextError(f"is not valid TOML: {what[:1].lower()}{what[1:]}", line, column)


def _key_lines(text: str, values: Mapping[str, object]) -> Iterator[tuple[Path, int]]:
    """Yield each key's path and line. Multi-line strings are passed over, and so are lists that look like headers."""
    table: Path = ()
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        was_inside = bool(quote)
        quote = _open_quote(line, quote)
        if was_inside:
            continue
        if (header := _HEADER.match(line)) and _is_table(values, _parts(header[1])):
            table = _parts(header[1])
            yield table, number
        elif assignment := _ASSIGNMENT.match(line):
            yield (*table, *_parts(assignment[1])), number


def _open_quote(line: str, quote: str) -> str:
    """The multi-line quote that is open after this line."""
    for match in re.finditer(r'"""|\'\'\'', line):
        if not quote:
            quote = match.group()
        elif quote == match.group():
            quote = ""
    return quote


def _is_table(values: object, path: Path) -> bool:
    for part in path:
        while isinstance(values, list):
            values = values[-1] if values else None
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return isinstance(values, dict | list)


def _parts(dotted: str) -> Path:
    return tuple(double or single or bare for double, single, bare in _KEY_PART.findall(dotted))


def _with_lines(value: object, path: Path, lines: Mapping[Path, int], above: int = 0) -> Node:
    line = lines.get(path, above)
    if isinstance(value, dict):
        return Node({key: _with_lines(child, (*path, key), lines, line) for key, child in value.items()}, line)
    if isinstance(value, list):
        return Node([_with_lines(child, path, lines, line) for child in value], line)
    return Node(value, line)

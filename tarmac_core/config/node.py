"""One shape for what JSON, TOML and YAML files hold: values that remember where they stand."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | object | None
Content: TypeAlias = "dict[str, Node] | list[Node] | Scalar"


@dataclass(frozen=True, slots=True)
class Node:
    """A value at `line` and `column`, both counted from 1; 0 where the reader cannot tell.

    `value` is a dict of nodes, a list of nodes, or a plain value. A member of a dict stands where its key stands.
    """

    value: Content
    line: int = 0
    column: int = 0

    def plain(self) -> object:
        """The value without positions; an unset (null) member is left out."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items() if child.value is not None}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


class TextError(Exception):
    """Text that cannot be read: `what` and `remedy` in words, `line` and `column` from 1 (0: unknown)."""

    def __init__(self, what: str, line: int = 0, column: int = 0, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column
        self.remedy = remedy


def position(line: int, column: int = 0) -> str:
    """`line 3 column 5`, as far as it is known."""
    if not line:
        return ""
    return f"line {line} column {column}" if column else f"line {line}"


def as_node(value: object) -> Node:
    """Wrap plain values, which have no position."""
    if isinstance(value, Mapping):
        return Node({str(key): as_node(child) for key, child in value.items()})
    if isinstance(value, list | tuple):
        return Node([as_node(child) for child in value])
    return Node(value)


def decode(data: bytes) -> str:
    """Read UTF-8; a byte order mark is kept, since only some formats allow it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        remedy = "save the file as UTF-8"
        raise TextError("is not valid UTF-8", before.count(b"\n") + 1, column, remedy) from None


def read_file(path: Path) -> bytes:
    """A file's bytes. Raises OSError; a pipe is refused, since opening it would wait for a writer and say nothing."""
    if path.is_fifo():
        raise OSError(errno.EINVAL, "it is a pipe")
    return path.read_bytes()

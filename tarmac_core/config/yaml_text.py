"""YAML whose plain values stay text, so that each setting's own type reads them: `0600` is octal and `0123` a password."""

import yaml

from tarmac_core.config.node import Content, Node, TextError, decode

_MAX_DEPTH = 32
_MAX_NODES = 100_000
_NULL = ("", "~", "null", "Null", "NULL")


def parse_yaml(data: bytes) -> Node:
    """Parse a whole file with one document. Raises `TextError` with line and column."""
    text = decode(data)
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        raise _in_words(error) from None
    except yaml.YAMLError:
        raise TextError("is not valid YAML: it holds a control character", remedy="remove it") from None
    except RecursionError:
        raise TextError("is nested too deeply", remedy="use fewer levels") from None
    return Node({}, 1, 1) if root is None else _Walk().node(root)


def _in_words(error: yaml.MarkedYAMLError) -> TextError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    if isinstance(error, yaml.composer.ComposerError) and "alias" in str(error.problem):
        # The alias may be the start of a password that lacks its quotes: never repeat it.
        return TextError("is not valid YAML: an alias is not defined", line, column, "quote text that starts with *")
    return TextError(f"is not valid YAML: {error.problem or error.context or 'wrong syntax'}", line, column)


class _Walk:
    """Turns composed nodes into ours, counting them since an alias may repeat itself without end."""

    def __init__(self) -> None:
        self._count = 0

    def node(self, node: yaml.Node, depth: int = 0) -> Node:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self._count += 1
        if depth > _MAX_DEPTH or self._count > _MAX_NODES:
            raise TextError("is nested too deeply", line, column, "use fewer levels and aliases")
        return Node(self._content(node, depth), line, column)

    def _content(self, node: yaml.Node, depth: int) -> Content:
        if isinstance(node, yaml.MappingNode):
            return self._members(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.node(child, depth + 1) for child in node.value]
        is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
        return None if is_plain and node.value in _NULL else str(node.value)

    def _members(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if not isinstance(key, yaml.ScalarNode):
                raise TextError("a key must be text", line, column, "write the key as one word")
            child = self.node(value, depth + 1)
            if key.value == "<<" and key.style is None:
                merged |= _to_merge(child)
                continue
            if key.value in members:
                what = f"the key {key.value!r} appears twice, first in line {members[key.value].line}"
                raise TextError(what, line, column, "remove one of them")
            members[key.value] = Node(child.value, line, column)
        return {**merged, **members}


def _to_merge(node: Node) -> dict[str, Node]:
    """The members that a merge key (`<<`) brings in; of several tables the first wins."""
    if isinstance(node.value, dict):
        return node.value
    merged: dict[str, Node] = {}
    for table in reversed(node.value if isinstance(node.value, list) else []):
        merged |= table.value if isinstance(table.value, dict) else {}
    return merged

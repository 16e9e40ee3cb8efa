"""Values with their sources, by flat key: `[redis] server` is `redis_server`."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tarmac_core.config.node import Node, position


@dataclass(frozen=True, slots=True)
class RawValue:
    """A value as it was written, and the words for where: `APP_DEBUG (environment)`, `conf/config.toml line 4`.

    `also` names the other places of the same file that give the same key. The value is kept out of `repr`: it may be a
    password.
    """

    value: object = field(repr=False)
    source: str
    also: tuple[str, ...] = ()


def flatten(root: Node, source: str) -> dict[str, RawValue]:
    """Flat lower-case keys of a table. A key that is there twice keeps its first value and names the other places.

    Unset members (`null`) are left out; lists are values.
    """
    flat: dict[str, RawValue] = {}
    for key, node in _leaves(root, ""):
        place = f"{source} {position(node.line)}".rstrip()
        if key in flat:
            flat[key] = replace(flat[key], also=(*flat[key].also, place))
        else:
            flat[key] = RawValue(node.plain(), place)
    return flat


def _leaves(node: Node, prefix: str) -> Iterator[tuple[str, Node]]:
    if not isinstance(node.value, dict):
        if node.value is not None:
            yield prefix, node
        return
    for key, child in node.value.items():
        flat_key = f"{prefix}_{key}" if prefix else key
        yield from _leaves(child, flat_key.lower())

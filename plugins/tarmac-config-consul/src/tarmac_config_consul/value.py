"""What the key holds: one JSON object."""

import json
from collections.abc import Iterable, Sequence

from tarmac_config_consul.faults import ConsulRefusalError

MAX_DEPTH = 64
_TOO_DEEP = "holds JSON that is nested too deeply"


def parse(value: bytes) -> dict[str, object]:
    """Read the object. Raises `ConsulRefusalError` saying where it is wrong, without showing what stands there."""
    try:
        read = json.loads(value.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ConsulRefusalError(f"holds no UTF-8: byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise ConsulRefusalError(f"holds no JSON: line {error.lineno} column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ConsulRefusalError(_TOO_DEEP) from None
    except ValueError as error:
        raise ConsulRefusalError(f"holds JSON that cannot be used: {error}") from None
    if not isinstance(read, dict):
        raise ConsulRefusalError(f"must hold one JSON object, not {_KINDS[type(read)]}")
    if _depth(read) > MAX_DEPTH:
        raise ConsulRefusalError(_TOO_DEEP)
    return read


_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"the key {', '.join(twice)} is given twice")
    return read


def _depth(value: object) -> int:
    """How deep tables are nested; without recursion, which has a limit of its own."""
    level: list[object] = [value]
    depth = 0
    while level := [child for one in level for child in _children(one)]:
        depth += 1
    return depth


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")

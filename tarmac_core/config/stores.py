"""Named stores: the tables `[stores.NAME]` of the configuration file."""

from tarmac_core.config.node import Node, position
from tarmac_core.config.raw import StoreTable
from tarmac_core.config.references import References
from tarmac_core.config.values import flatten
from tarmac_core.plugin import Problem

RESERVED_NAMES = ("", "default", "tarmac")
_TABLE = "stores"


def read_stores(root: Node, file: str, references: References) -> tuple[Node, dict[str, StoreTable], list[Problem]]:
    """Take the stores out of a file: the remaining root, the stores by name, and what is wrong with them."""
    members = root.value if isinstance(root.value, dict) else {}
    rest = {key: node for key, node in members.items() if key.lower() != _TABLE}
    stores: dict[str, StoreTable] = {}
    problems: list[Problem] = []
    for key, node in members.items():
        if key.lower() != _TABLE or node.value is None:
            continue
        if not isinstance(node.value, dict):
            remedy = "write [stores.NAME] with capability and backend"
            problems.append(Problem(_where(file, node, _TABLE), "must be a table of stores", remedy))
            continue
        for name, table in node.value.items():
            store, faults = _store(name, table, file, references)
            problems += faults
            if store is not None:
                stores[name] = store
    return Node(rest, root.line, root.column), stores, problems


def _store(name: str, table: Node, file: str, references: References) -> tuple[StoreTable | None, list[Problem]]:
    where = _where(file, table, f"{_TABLE}.{name}")
    if name in RESERVED_NAMES:
        return None, [Problem(where, f"the name {name!r} means the default store", "choose another name")]
    if not isinstance(table.value, dict):
        return None, [Problem(where, "must be a table", "write capability, backend and the backend's own settings")]
    fields = flatten(table, file)
    chosen = {}
    problems = []
    for key in ("capability", "backend"):
        value = fields.pop(key, None)
        if value is None or not isinstance(value.value, str) or not value.value:
            example = "kvstore" if key == "capability" else "redis"
            problems.append(Problem(where, f"{key} is required, as text", f'write {key} = "{example}"'))
        else:
            chosen[key] = value.value
    if problems:
        return None, problems
    source = f"{file} {position(table.line)}".rstrip()
    return StoreTable(name, chosen["capability"], chosen["backend"], fields, source, references), []


def _where(file: str, node: Node, key: str) -> str:
    return f"{key} from {file} {position(node.line)}".rstrip()

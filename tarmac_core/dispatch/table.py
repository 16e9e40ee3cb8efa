"""The frozen table of everything that guests can call: (capability, operation) -> handler, and who may use which store."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tarmac_core.plugin import Call, Encode, GrantModel, Operation, Operations, StoreGrant

DEFAULT_STORE = "default"
DEFAULT_BINDINGS = frozenset((b"tarmac", b"default", b""))
NEEDS_NO_GRANT = frozenset(("logger", "http"))

Grants = Mapping[str, GrantModel | Literal[True]]


@dataclass(frozen=True, slots=True)
class Capability:
    """An opened capability. `stores` are its opened stores by name, None for one that works without."""

    name: str
    plugin: str
    operations: Operations
    aliases: Collection[str] = ()
    stores: frozenset[str] | None = None
    ignores_case: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """One operation as one function may use it through one binding."""

    decode: Callable[[bytes], tuple[Any, Encode[Any]]]
    handler: Callable[[Call, Any], Any]
    store: str
    grant: GrantModel | None
    capability: str
    operation: str
    plugin: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a host call is not made. Without an operation there is nothing to call: 404 `callback not found`."""

    code: int
    message: str
    capability: str = ""
    operation: Operation[Any, Any] | None = None


NOT_FOUND = Refused(404, "callback not found")


class Table:
    """Capabilities by each of their names, frozen."""

    __slots__ = ("_capabilities",)

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        self._capabilities: dict[bytes, tuple[Capability, dict[bytes, tuple[str, Operation[Any, Any]]]]] = {}
        for one in capabilities:
            operations = {
                (name.lower() if one.ignores_case else name).encode(): (name, operation)
                for name, operation in one.operations.items()
            }
            for name in (one.name, *one.aliases):
                self._capabilities[name.encode()] = (one, operations)

    def bind(
        self, function: str, grants: Grants | None, binding: bytes, namespace: bytes, operation: bytes
    ) -> Bound | Refused:
        """Find what the three names of a host call mean for `function`, which has `grants` or, with None, no limits."""
        capability, operations = self._capabilities.get(namespace, (None, {}))
        if capability is None:
            return NOT_FOUND
        name, found = operations.get(operation.lower() if capability.ignores_case else operation, ("", None))
        store = _store(capability, binding)
        if found is None or store is None:
            return NOT_FOUND
        refusal = _refusal(function, grants, capability, store)
        if refusal:
            return Refused(403, refusal, capability.name, found)
        grant = _grant(grants, capability)
        return Bound(
            decode=found.decode,
            handler=found.handler,
            store=store,
            grant=grant if isinstance(grant, GrantModel) else None,
            capability=capability.name,
            operation=name,
            plugin=capability.plugin,
        )


def _store(capability: Capability, binding: bytes) -> str | None:
    name = DEFAULT_STORE if binding in DEFAULT_BINDINGS else binding.decode("utf-8", "replace")
    if capability.stores is None:
        return name if name == DEFAULT_STORE else None
    return name if name in capability.stores else None


def _grant(grants: Grants | None, capability: Capability) -> GrantModel | Literal[True] | None:
    """Return the grant under whichever of the capability's names it was written."""
    names = (capability.name, *capability.aliases)
    return next((grants[name] for name in names if name in grants), None) if grants is not None else None


def _refusal(function: str, grants: Grants | None, capability: Capability, store: str) -> str:
    """Return the rule that forbids it, in words for the guest's author, or nothing."""
    name = capability.name
    if name in NEEDS_NO_GRANT:
        return ""
    if grants is None:
        if store == DEFAULT_STORE:
            return ""
        return f'not granted: store "{store}" needs a grant, and function {function} has no grants'
    grant = _grant(grants, capability)
    if grant is None:
        return f"not granted: the grants of function {function} do not name {name}"
    if isinstance(grant, StoreGrant) and store not in grant.stores:
        return f'not granted: grants.{name}.stores of function {function} does not list "{store}"'
    return ""

"""What functions may do: each capability's grant is read by the capability's own model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tarmac_core.config.function import Grants
from tarmac_core.config.nearest import did_you_mean
from tarmac_core.config.node import Node
from tarmac_core.config.objects import JsonObject, names_of, read_object, validate, validate_value
from tarmac_core.config.raw import StoreTable
from tarmac_core.config.report import Report, pointer_to
from tarmac_core.plugin import GrantModel, StoreGrant

GrantModels: TypeAlias = Mapping[str, type[GrantModel] | None]


@dataclass(frozen=True, slots=True)
class GrantRules:
    """Capabilities that can be granted with their models (None: only `true`), the named stores, and known packages.

    `stores` None: stores are not checked.
    """

    models: GrantModels
    stores: Mapping[str, StoreTable] | None
    packages: Mapping[str, str]


def read_grants(node: Node, path: tuple[str | int, ...], rules: GrantRules, report: Report) -> Grants | None:
    """Read the member `grants` of a function. Capabilities that are `false` or `null` are not granted."""
    if not isinstance(node.value, dict):
        report.problem(node, pointer_to(*path), "grants must be an object", 'write {"kvstore": true} or leave it out')
        return None
    grants: dict[str, GrantModel | Literal[True]] = {}
    for capability, child in node.value.items():
        if child.value is None or child.value is False:
            continue
        grant = _grant(capability, child, (*path, capability), rules, report)
        if grant is not None:
            grants[capability] = grant
    return grants


def _grant(
    capability: str, node: Node, path: tuple[str | int, ...], rules: GrantRules, report: Report
) -> GrantModel | Literal[True] | None:
    if capability not in rules.models:
        remedy = _how_to_get(capability, rules)
        report.problem(node, pointer_to(*path), f"no capability {capability!r} is installed and enabled", remedy)
        return None
    if node.value is True:
        return True
    model = rules.models[capability]
    if model is None:
        report.problem(node, pointer_to(*path), f"the grant for {capability} must be true", "it has no finer rules")
        return None
    grant = _filled(model, node, path, report)
    if isinstance(grant, StoreGrant):
        _check_stores(capability, grant, node, path, rules, report)
    return grant


def _filled(model: type[GrantModel], node: Node, path: tuple[str | int, ...], report: Report) -> GrantModel | None:
    if isinstance(node.value, dict):
        source = read_object(node, path, names_of(model), report)
        return validate(model, source, report, with_unknown=True) if source else None
    return validate_value(model, node.plain(), JsonObject(node, path, {}, {}), report)


def _how_to_get(capability: str, rules: GrantRules) -> str:
    if hint := did_you_mean(capability, rules.models):
        return hint
    if package := rules.packages.get(capability):
        return f"pip install {package}"
    return f"known here: {', '.join(sorted(rules.models)) or 'none'}"


def _check_stores(
    capability: str, grant: StoreGrant, node: Node, path: tuple[str | int, ...], rules: GrantRules, report: Report
) -> None:
    if rules.stores is None:
        return
    named = {name for name, table in rules.stores.items() if table.capability == capability}
    for store in grant.stores:
        if store != "default" and store not in named:
            remedy = did_you_mean(store, named) or f"write [stores.{store}] in the configuration file"
            report.problem(node, pointer_to(*path), f"there is no {capability} store named {store!r}", remedy)

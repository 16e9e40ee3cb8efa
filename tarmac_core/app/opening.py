"""Opens observers, backends and capabilities, in that order; each plugin gets a `Context` of its own."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from tarmac_core.app.inspection import Blueprint
from tarmac_core.dispatch import Capability, Observers, http_capability, with_fields
from tarmac_core.plugin import CapabilitySpec, Context, Observer, Operation, Operations
from tarmac_core.registry import Lifecycle, Owned, Plugin

_SHOWN = {"kvstore": "KV Store", "sql": "SQL DB"}


@dataclass(frozen=True, slots=True)
class Opener:
    """What opening needs: the blueprint, the life cycle that closes again, and the context that plugins get variants of."""

    blueprint: Blueprint
    lifecycle: Lifecycle
    context: Context

    def context_for(self, plugin: Plugin, route_type: str = "") -> Context:
        """The context of one plugin, with its log and, for what serves a route type, the manifest's routes of it."""
        manifest = self.blueprint.manifest
        routes = manifest.routes_of(route_type) if manifest and route_type else ()
        return replace(self.context, log=with_fields(self.context.log, {"plugin": plugin.name}), routes=routes)

    async def open_observers(self, observers: Observers) -> None:
        """Open every observer and let it hear."""
        for name, owned in self.blueprint.tables.observers.items():
            context = self.context_for(owned.plugin)
            opened = await self.lifecycle.open(
                "observer", name, _opened_as, Observer, owned.spec.open, owned.settings, context
            )
            observers.add(name, opened)

    async def open_stores(self) -> dict[str, dict[str, object]]:
        """Open every store that configuration names; by capability and name."""
        tables = self.blueprint.tables
        stores: dict[str, dict[str, object]] = {}
        for plan in self.blueprint.selected.stores:
            owned = tables.backends[plan.backend]
            self.context.log.info(
                "Connecting to %s",
                _SHOWN.get(plan.capability, plan.capability),
                extra={"store": plan.name, "backend": plan.backend},
            )
            name = plan.backend if plan.name == "default" else f"{plan.backend} (store {plan.name})"
            capability = tables.capabilities.get(plan.capability)
            wanted = capability.spec.backend_type if capability else None
            opened = await self.lifecycle.open(
                "backend", name, _opened_as, wanted, owned.spec.open, plan.settings, self.context_for(owned.plugin)
            )
            stores.setdefault(plan.capability, {})[plan.name] = opened
        return stores

    async def open_capabilities(self, stores: Mapping[str, Mapping[str, object]]) -> list[Capability]:
        """Open every capability that is on, and add core's own."""
        enabled = self.blueprint.selected.enabled
        distinct = {owned.spec.name: owned for owned in self.blueprint.tables.capabilities.values()}
        opened = [http_capability()]
        for name, owned in distinct.items():
            if name in enabled:
                opened.append(await self._open_capability(owned, stores.get(name, {})))
            else:
                self.context.log.info("%s not configured, skipping", _SHOWN.get(name, name))
        return opened

    async def open_triggers(self, phase: str) -> None:
        """Open the triggers of one phase that have routes; those `before_listen` may take as long as they need."""
        tables, manifest = self.blueprint.tables, self.blueprint.manifest
        for route_type, owned in tables.triggers.items():
            routes = manifest.routes_of(route_type) if manifest else ()
            if owned.spec.phase != phase or not routes:
                continue
            opener, context = owned.spec.open, self.context_for(owned.plugin)
            if phase == "before_listen":
                await self.lifecycle.open_within(None, "trigger", route_type, opener, owned.settings, routes, context)
            else:
                await self.lifecycle.open("trigger", route_type, opener, owned.settings, routes, context)

    async def _open_capability(self, owned: Owned[CapabilitySpec], stores: Mapping[str, object]) -> Capability:
        spec = owned.spec
        context = self.context_for(owned.plugin, spec.route_type)
        operations = await self.lifecycle.open(
            "capability", spec.name, _opened_operations, spec.open, owned.settings, stores, context
        )
        return Capability(
            name=spec.name,
            plugin=owned.plugin.name,
            operations=operations,
            aliases=spec.aliases,
            stores=frozenset(stores) if spec.backend_type is not None else None,
            ignores_case=spec.ignores_case,
        )


@asynccontextmanager
async def _opened_as(
    wanted: type | None, opener: Callable[..., AbstractAsyncContextManager[Any]], *args: object
) -> AsyncIterator[Any]:
    """Open it, and refuse what is not of the type that the contract promises."""
    async with opener(*args) as value:
        if wanted is not None and not isinstance(value, wanted):
            raise TypeError(f"it yields {type(value).__name__}, not {wanted.__name__}")
        yield value


@asynccontextmanager
async def _opened_operations(
    opener: Callable[..., AbstractAsyncContextManager[Operations]], *args: object
) -> AsyncIterator[Operations]:
    async with opener(*args) as operations:
        wrong = [name for name, operation in operations.items() if not isinstance(operation, Operation)]
        if wrong:
            raise TypeError(f"its operations {', '.join(wrong)} are no Operation")
        yield dict(operations)

"""What this distribution declares to Tarmac, and the call that stands behind each operation."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from pydantic import Field, model_validator

from tarmac_core.plugin import (
    Call,
    CapabilitySpec,
    Context,
    Encode,
    GrantModel,
    HostCallError,
    InvocationError,
    Operation,
    Operations,
    PluginInfo,
    PluginSettings,
    hookimpl,
)

NAME = "function"


class FunctionGrant(GrantModel):
    """Which functions may be called. In the manifest it is written as the bare list: `"function": ["lookup"]`."""

    functions: tuple[str, ...] = Field((), description="Functions that may be called.")

    @model_validator(mode="before")
    @classmethod
    def _accept_list(cls, value: object) -> object:
        return {"functions": value} if isinstance(value, list | tuple) else value


class FunctionPlugin:
    """Entry point `function`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """No settings."""
        return PluginInfo(name=NAME)

    @hookimpl
    def tarmac_capabilities(self, settings: PluginSettings) -> Iterable[CapabilitySpec]:
        """One capability; the manifest's `function` routes are its operations."""
        return [CapabilitySpec(name=NAME, route_type=NAME, grant_model=FunctionGrant, open=open_function)]


@asynccontextmanager
async def open_function(
    settings: PluginSettings, stores: Mapping[str, object], context: Context
) -> AsyncIterator[Operations]:
    """Yield one operation for each function that has a route of type `function`; a repeated route changes nothing."""
    names = dict.fromkeys(route.function for route in context.routes)
    yield {name: Operation(decode=_as_is, handler=partial(_call, context, name)) for name in names}


def _as_is(payload: bytes) -> tuple[bytes, Encode[bytes]]:
    return payload, _answer


def _answer(reply: bytes | HostCallError) -> bytes:
    return b"" if isinstance(reply, HostCallError) else reply


async def _call(context: Context, name: str, call: Call, payload: bytes) -> bytes:
    if isinstance(call.grant, FunctionGrant) and name not in call.grant.functions:
        raise HostCallError(403, f"not granted: the function may not call {name} (grants.function)")
    if context.log.isEnabledFor(logging.DEBUG):  # a call's own log costs something to make
        call.log.debug("Executing Function to Function callback", extra={"callee": name})
    try:
        return await context.invoke(name, payload, origin=NAME, parent=call)
    except InvocationError as error:
        raise HostCallError(500, error.message) from error

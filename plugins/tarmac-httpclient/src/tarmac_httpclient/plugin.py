"""What core reads at start: name, settings, and the declaration of the capability."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from tarmac_core.plugin import CapabilitySpec, Context, Operation, Operations, PluginInfo, PluginSettings, hookimpl
from tarmac_httpclient.first_use import FirstUse
from tarmac_httpclient.grant import HTTPClientGrant
from tarmac_httpclient.names import Resolve
from tarmac_httpclient.settings import HTTPClientSettings


class HTTPClientPlugin:
    """Entry point `httpclient`. A subclass that gives a `resolve` of its own looks names up elsewhere than the system does."""

    def __init__(self, resolve: Resolve | None = None) -> None:
        self._resolve = resolve

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="httpclient", settings_model=HTTPClientSettings)

    @hookimpl
    def tarmac_capabilities(self, settings: PluginSettings) -> list[CapabilitySpec]:
        """The capability `httpclient`."""
        opener = partial(open_httpclient, resolve=self._resolve)
        return [CapabilitySpec(name="httpclient", open=opener, grant_model=HTTPClientGrant)]


@asynccontextmanager
async def open_httpclient(
    settings: HTTPClientSettings,
    stores: Mapping[str, object],
    context: Context,
    *,
    resolve: Resolve | None = None,
) -> AsyncIterator[Operations]:
    """Yield the operation `call`. Names are looked up with `resolve`, by default the system's way."""
    async with AsyncExitStack() as stack:
        first = FirstUse(settings, context, resolve, stack)
        yield {"call": Operation(first.decode, first.call)}

"""The seven hooks. Each is synchronous, is called once at start-up and only declares.

Hooks run one at a time, each on a thread of its own and never on the event loop's, so that one that hangs can be left behind.
"""

from collections.abc import Iterable

import pluggy

from tarmac_core.plugin.settings import PluginSettings
from tarmac_core.plugin.specs import (
    BackendSpec,
    CapabilitySpec,
    ConfigSourceSpec,
    ObserverSpec,
    PluginInfo,
    RouteSpec,
    TriggerSpec,
)

PROJECT_NAME = "tarmac"
ENTRY_POINT_GROUP = "tarmac.plugins"

hookspec = pluggy.HookspecMarker(PROJECT_NAME)
hookimpl = pluggy.HookimplMarker(PROJECT_NAME)


class Hooks:
    """Signatures of the hooks; `settings` is always the plugin's own model, filled."""

    @hookspec
    def tarmac_plugin_info(self) -> PluginInfo:
        """Say who the plugin is; the only hook that is called before its settings exist, and the only required one."""
        raise NotImplementedError

    @hookspec
    def tarmac_config_sources(self, settings: PluginSettings) -> Iterable[ConfigSourceSpec]:
        """Declare remote sources of settings."""
        raise NotImplementedError

    @hookspec
    def tarmac_capabilities(self, settings: PluginSettings) -> Iterable[CapabilitySpec]:
        """Declare what guests can call."""
        raise NotImplementedError

    @hookspec
    def tarmac_backends(self, settings: PluginSettings) -> Iterable[BackendSpec]:
        """Declare stores for a capability."""
        raise NotImplementedError

    @hookspec
    def tarmac_triggers(self, settings: PluginSettings) -> Iterable[TriggerSpec]:
        """Declare what calls functions by itself."""
        raise NotImplementedError

    @hookspec
    def tarmac_routes(self, settings: PluginSettings) -> Iterable[RouteSpec]:
        """Declare HTTP routes of the plugin's own."""
        raise NotImplementedError

    @hookspec
    def tarmac_observers(self, settings: PluginSettings) -> Iterable[ObserverSpec]:
        """Declare sinks for events."""
        raise NotImplementedError

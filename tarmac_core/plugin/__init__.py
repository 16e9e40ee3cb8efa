"""The contract between Tarmac and its plugins, and the only room that a plugin imports.

A plugin is a class with some of the hooks of `Hooks`, named by an entry point in the group `tarmac.plugins`. Hooks only
declare: they return specs, whose `open` functions do the work later. This room imports nothing of `tarmac_core`.
"""

from tarmac_core.plugin.context import Call, Context, Invoke, Log, Observe
from tarmac_core.plugin.errors import (
    BackendError,
    HostCallError,
    InvocationError,
    InvocationErrorKind,
    OpenError,
    Problem,
)
from tarmac_core.plugin.events import (
    CallFinished,
    Event,
    GuestMetric,
    HostCallFinished,
    Observer,
    PoolChanged,
    RequestFinished,
    RoutesServed,
    TaskFinished,
)
from tarmac_core.plugin.hooks import ENTRY_POINT_GROUP, PROJECT_NAME, Hooks, hookimpl
from tarmac_core.plugin.http import SERVER_HEADERS, Request, Response, header_fault
from tarmac_core.plugin.manifest import GrantModel, RouteModel, StoreGrant
from tarmac_core.plugin.settings import PluginSettings, setting
from tarmac_core.plugin.specs import (
    API_VERSION,
    BackendSpec,
    CapabilitySpec,
    ConfigSource,
    ConfigSourceSpec,
    Encode,
    ObserverSpec,
    Operation,
    Operations,
    PluginInfo,
    RouteSpec,
    TriggerSpec,
)

__all__ = [
    "API_VERSION",
    "ENTRY_POINT_GROUP",
    "PROJECT_NAME",
    "SERVER_HEADERS",
    "BackendError",
    "BackendSpec",
    "Call",
    "CallFinished",
    "CapabilitySpec",
    "ConfigSource",
    "ConfigSourceSpec",
    "Context",
    "Encode",
    "Event",
    "GrantModel",
    "GuestMetric",
    "Hooks",
    "HostCallError",
    "HostCallFinished",
    "InvocationError",
    "InvocationErrorKind",
    "Invoke",
    "Log",
    "Observe",
    "Observer",
    "ObserverSpec",
    "OpenError",
    "Operation",
    "Operations",
    "PluginInfo",
    "PluginSettings",
    "PoolChanged",
    "Problem",
    "Request",
    "RequestFinished",
    "Response",
    "RouteModel",
    "RouteSpec",
    "RoutesServed",
    "StoreGrant",
    "TaskFinished",
    "TriggerSpec",
    "header_fault",
    "hookimpl",
    "setting",
]

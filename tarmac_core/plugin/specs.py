"""The descriptions that hooks return. All are inert: nothing is opened before core calls `open`.

Every `open` is a function that returns an asynchronous context manager, called once per use on the event loop; what it
yields lives until the server stops. Its parameters are named with each spec.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from tarmac_core.plugin.context import Call
from tarmac_core.plugin.errors import HostCallError
from tarmac_core.plugin.events import Observer
from tarmac_core.plugin.http import Request, Response
from tarmac_core.plugin.manifest import GrantModel, RouteModel
from tarmac_core.plugin.settings import PluginSettings

API_VERSION = 1

RequestT = TypeVar("RequestT")
ReplyT = TypeVar("ReplyT")

Encode: TypeAlias = Callable[[ReplyT | HostCallError], bytes]


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Who a plugin is. `name` equals its entry point's; `settings_prefix` defaults to the name's last part.

    `requires` names entry points that must be installed and enabled too.
    """

    name: str
    api_version: int = API_VERSION
    settings_model: type[PluginSettings] = PluginSettings
    settings_prefix: str = ""
    requires: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """The prefix of the plugin's flat keys, without the underscore."""
        return self.settings_prefix or self.name.rpartition(".")[2].replace("-", "_")


class ConfigSource(Protocol):
    """An opened remote source of flat keys."""

    async def read(self) -> Mapping[str, object]:
        """All keys and values as they are now."""

    def changes(self) -> AsyncIterator[Mapping[str, object]]:
        """All keys and values again, each time one has changed."""


@dataclass(frozen=True, slots=True)
class ConfigSourceSpec:
    """A remote source of settings, selected by `use_<name>`. `open(settings, context)` yields a `ConfigSource`.

    `place` says in a few words where its values stand (`127.0.0.1:8500 tarmac/config`); it is shown behind the name, as the
    source of each value and in every message about one.
    """

    name: str
    open: Callable[..., AbstractAsyncContextManager[ConfigSource]]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation(Generic[RequestT, ReplyT]):
    """One operation of a capability.

    `decode(payload)` gives the request and the encoder for its answer, so that an answer has the format of its question.
    `encode(reply_or_error)` gives the bytes behind `__host_response`. `handler(call, request)` returns the reply, or an
    awaitable of it when it has to wait; it runs on the event loop and is cancelled at the deadline.
    """

    decode: Callable[[bytes], tuple[RequestT, Encode[ReplyT]]]
    handler: Callable[[Call, RequestT], ReplyT | Awaitable[ReplyT]]


Operations: TypeAlias = Mapping[str, Operation[Any, Any]]


@dataclass(frozen=True, slots=True)
class CapabilitySpec:
    """Something guests can call. `open(settings, stores, context)` yields `Operations`, by name.

    With a `backend_type` it works on stores: it is on when `enable_<name>` is true, and `stores` maps each store's name to
    an opened backend of that type. Without, it is on when installed and `stores` is empty. `aliases` are other names that
    guests may use. A capability that serves a `route_type` of the manifest gets those routes in `Context.routes`.
    `ignores_case` lets guests write its operations in any case.
    """

    name: str
    open: Callable[..., AbstractAsyncContextManager[Operations]]
    aliases: tuple[str, ...] = ()
    grant_model: type[GrantModel] | None = None
    backend_type: type | None = None
    route_type: str = ""
    route_model: type[RouteModel] = RouteModel
    ignores_case: bool = False


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A store for a capability. `open(settings, context)` yields an object of the capability's `backend_type`.

    `shared_by` tells who sees its data: this process, every process on this host, or the whole cluster.
    """

    capability: str
    name: str
    open: Callable[..., AbstractAsyncContextManager[object]]
    shared_by: Literal["process", "host", "cluster"] = "process"


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """Something that calls functions by itself. `open(settings, routes, context)` gets its routes in the manifest's order.

    `before_listen` triggers have done their work when `open` yields, and a failure there ends the start; `serving` ones
    run from then on until they are closed, which waits for what they have begun. `runs_in` tells which of several workers
    open it; with a single process both mean the same.
    """

    route_type: str
    open: Callable[..., AbstractAsyncContextManager[object]]
    route_model: type[RouteModel] = RouteModel
    phase: Literal["before_listen", "serving"] = "serving"
    runs_in: Literal["one", "every"] = "one"


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """An HTTP route of the plugin's own, such as `/metrics`. `handler` runs on the event loop."""

    method: str
    path: str
    handler: Callable[[Request], Response | Awaitable[Response]]
    listener: Literal["public", "admin"] = "admin"


@dataclass(frozen=True, slots=True)
class ObserverSpec:
    """A sink for events. `open(settings, context)` yields an `Observer`."""

    name: str
    open: Callable[..., AbstractAsyncContextManager[Observer]]

"""One plugin without a server: its hooks are asked and its parts opened by the same code that a server uses."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from tarmac_core.plugin import (
    ConfigSource,
    Context,
    Observer,
    PluginInfo,
    PluginSettings,
    Request,
    Response,
    RouteModel,
)
from tarmac_core.registry import Declarations, Installed, Lifecycle, Plugin, declare, register
from tarmac_core.testing.answers import Capability
from tarmac_core.testing.leaks import Leaks
from tarmac_core.testing.records import Answering, Records

S = TypeVar("S")
Route = RouteModel | Mapping[str, object]


class PluginHarness:
    """An asynchronous context manager around one plugin.

    `settings` are its settings by field name, as values or as text of the environment. `data_dir` is the folder it may
    keep files in. `answer(function, payload)` is what functions say that it invokes. Each method opens one declared part
    and gives what its `open` yields; without a name, the only one there is. Leaving the block closes all of them in reverse,
    and raises AssertionError when a close failed or hung, or tasks, threads or variables were left behind.
    """

    def __init__(
        self,
        plugin_class: type,
        settings: Mapping[str, object] | None = None,
        *,
        data_dir: Path,
        answer: Answering | None = None,
    ) -> None:
        manager = register(plugin_class(), plugin_class.__name__)
        info: PluginInfo = manager.hook.tarmac_plugin_info()[0]
        installed = Installed(info.name, f"{plugin_class.__module__}:{plugin_class.__name__}", "under test", "0")
        self.info = info
        self.settings: PluginSettings = info.settings_model.model_validate(dict(settings or {}))
        self.records = Records(answer)
        self.log = self.records.log(info.name)
        self.data_dir = data_dir
        self.declared = _declared(Plugin(installed, info, manager), self.settings)
        self._own = self.records.log("harness")
        self._lifecycle = Lifecycle(self._own)

    async def __aenter__(self) -> "PluginHarness":
        self._leaks = Leaks.now()
        self._executor = _new_executor()
        return self

    async def __aexit__(self, failure: type[BaseException] | None, *_: object) -> None:
        begun = len(self.records.logged)
        await self._lifecycle.close()
        _new_executor()
        self._executor.shutdown(wait=False)
        await asyncio.sleep(0)
        if failure is not None:
            return
        own = [record for record in self.records.logged[begun:] if record.name == self._own.logger.name]
        if own:
            raise AssertionError("; ".join(record.getMessage() for record in own))
        self._leaks.check()

    def context(self, routes: tuple[RouteModel, ...] = ()) -> Context:
        """The context that every `open` gets: everything done through it ends in `records`."""
        return Context(
            log=self.log,
            invoke=self.records.invoke,
            observe=self.records.events.append,
            data_dir=self.data_dir,
            clock=asyncio.get_running_loop().time,
            routes=routes,
        )

    async def backend(self, name: str = "") -> Any:
        """Open a backend; gives the store."""
        spec = _pick("backend", self.declared.backends, lambda one: one.name, name)
        return await self._open(f"{spec.capability}.{spec.name}", spec.open, self.settings, self.context())

    async def capability(
        self, name: str = "", *, stores: Mapping[str, object] | None = None, routes: Iterable[Route] = ()
    ) -> Capability:
        """Open a capability on `stores` by name (opened backends); gives what makes host calls in bytes."""
        spec = _pick("capability", self.declared.capabilities, lambda one: one.name, name)
        context = self.context(_routes(spec.route_model, spec.route_type, routes))
        operations = await self._open(spec.name, spec.open, self.settings, dict(stores or {}), context)
        return Capability(spec, operations, self.log, frozenset(stores or ()))

    async def trigger(self, route_type: str = "", *, routes: Iterable[Route] = ()) -> object:
        """Open a trigger with routes of the manifest, as models or as in `tarmac.json` (without `type`)."""
        spec = _pick("trigger", self.declared.triggers, lambda one: one.route_type, route_type)
        models = _routes(spec.route_model, spec.route_type, routes)
        return await self._open(spec.route_type, spec.open, self.settings, models, self.context())

    async def observer(self, name: str = "") -> Observer:
        """Open an observer; call its methods with events."""
        spec = _pick("observer", self.declared.observers, lambda one: one.name, name)
        return await self._open(spec.name, spec.open, self.settings, self.context())

    async def config_source(self, name: str = "") -> ConfigSource:
        """Open a source of settings."""
        spec = _pick("config source", self.declared.config_sources, lambda one: one.name, name)
        return await self._open(spec.name, spec.open, self.settings, self.context())

    async def request(self, method: str, path: str, **fields: Any) -> Response:
        """Ask one of the plugin's own HTTP routes; `fields` are more of `Request`."""
        wanted = f"{method} {path}"
        spec = _pick("route", self.declared.routes, lambda one: f"{one.method} {one.path}", wanted)
        answer = spec.handler(Request(method=method, path=path, **fields))
        return await answer if inspect.isawaitable(answer) else answer

    async def close(self) -> None:
        """Close everything that is open now; more can be opened after it, as after a new start."""
        await self._lifecycle.close()

    def messages(self, level: int = logging.INFO) -> list[str]:
        """What the plugin logged at this level and above."""
        return self.records.messages(level)

    async def _open(self, name: str, opener: Callable[..., AbstractAsyncContextManager[S]], *args: object) -> S:
        return await self._lifecycle.open("part", name, opener, *args)


def _new_executor() -> ThreadPoolExecutor:
    """Give the loop another default executor, whose threads are made when they are needed.

    Host names are looked up there, and `asyncio.to_thread` runs there. Its idle threads are the loop's, not the plugin's: they
    end at the shut-down. One that still works for the plugin does not, and is found as left behind.
    """
    executor = ThreadPoolExecutor(thread_name_prefix="asyncio")
    asyncio.get_running_loop().set_default_executor(executor)
    return executor


def _declared(plugin: Plugin, settings: PluginSettings) -> Declarations:
    declarations, problems = declare(plugin, settings)
    if problems:
        raise AssertionError("; ".join(str(problem) for problem in problems))
    return declarations


def _pick(kind: str, specs: tuple[S, ...], name_of: Callable[[S], str], name: str) -> S:
    found = [spec for spec in specs if name in ("", name_of(spec))]
    if len(found) != 1:
        names = ", ".join(name_of(spec) for spec in specs) or "none"
        raise AssertionError(f"the plugin declares {len(found)} matching {kind}s for {name!r}; it declares: {names}")
    return found[0]


def _routes(model: type[RouteModel], route_type: str, routes: Iterable[Route]) -> tuple[RouteModel, ...]:
    return tuple(
        route if isinstance(route, RouteModel) else model.model_validate({"type": route_type, **route})
        for route in routes
    )

"""The composition root: opens every room in order, and closes them in reverse."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tarmac_core.app.errors import ConfigurationError, StartError
from tarmac_core.app.functions import load_functions, make_engine
from tarmac_core.app.inspection import Blueprint, inspect_raw
from tarmac_core.app.logs import DebugLines, configure, level_of, make_log
from tarmac_core.app.opening import Opener
from tarmac_core.app.options import Options, read_options
from tarmac_core.app.selection import select_sources
from tarmac_core.app.sources import following, open_sources, with_sources
from tarmac_core.app.story import routes_served, tell_functions, tell_start, tell_warnings
from tarmac_core.app.web import checks_of, endpoints, http_settings, route_problems
from tarmac_core.config import HOT_KEYS, CoreSettings, Manifest, Raw, bind
from tarmac_core.dispatch import Dispatcher, Function, Observers
from tarmac_core.http import Check, ListenError, Probes, TlsError
from tarmac_core.plugin import Context
from tarmac_core.registry import Catalog, Lifecycle, StepError
from tarmac_core.wapc import Engine, EngineError, GuestError

if TYPE_CHECKING:
    from tarmac_core.http import Server

_SAYS_IT_ALL = (ListenError, TlsError, EngineError, StartError)


class App:
    """One server. `async with App.open(options) as app` has callable functions; `start` and `listen` do the rest.

    Everything belongs to the App: two of them live in one process and share nothing. Made by `open` only.
    """

    blueprint: Blueprint
    core: CoreSettings
    manifest: Manifest
    server: "Server"
    _opener: Opener

    def __init__(self, options: Options, stream: TextIO | None) -> None:
        loop = asyncio.get_running_loop()
        self.options = options
        self.log = make_log(stream=stream)
        self.observers = Observers(self.log)
        self.dispatcher = Dispatcher(log=self.log, observers=self.observers, clock=loop.time)
        self._context = Context(self.log, self.dispatcher.call, self.observers.emit, options.cwd / "data", loop.time)
        self._sources = Lifecycle(self.log)
        self._lifecycle = Lifecycle(self.log)
        self._checks: dict[str, Check] = {}
        self._debug_lines = DebugLines(self.log)
        self._is_listening = False

    @classmethod
    @asynccontextmanager
    async def open(
        cls, options: Options, *, needs_listener: bool = True, stream: TextIO | None = None
    ) -> AsyncIterator["App"]:
        """Open everything up to the functions; close it all in the end.

        Raises ConfigurationError with everything that is wrong, or StartError and StepError for what does not open.
        `stream` takes the log, by default stdout. Without a listener to come, TLS files are not asked for.
        """
        app = cls(options, stream)
        try:
            await app._open_all(needs_listener)
            yield app
        finally:
            await app._close()

    async def start(self) -> None:
        """Run the `before_listen` triggers, init functions among them; raises StepError when one fails."""
        await self._opener.open_triggers("before_listen")

    async def listen(self) -> None:
        """Begin to serve; raises StartError when an address or a certificate cannot be used."""
        probes = Probes(log=self.log, checks=self._checks, is_in_maintenance=lambda: self.core.enable_maintenance_mode)
        public, admin = endpoints(self.blueprint, self.core, self.dispatcher, self.observers, probes, self.log)
        await self._opener.open_triggers("serving")
        from tarmac_core.http import Server  # noqa: PLC0415 - a job, `invoke` and `check` need no Tornado

        server = Server(public, http_settings(self.core, self.options.cwd), log=self.log, admin=admin)
        self.server = await self._open_step("listener", self.core.listen_addr, _listening, server, probes)
        self._is_listening = True
        self.log.info("Starting HTTP Listener", extra={"address": self.core.listen_addr, "port": server.port})

    async def drain(self) -> None:
        """Accept nothing more and let requests finish within `shutdown_timeout_s`."""
        if self._is_listening:
            self._is_listening = False
            await self.server.drain(self.core.shutdown_timeout_s)

    async def _open_all(self, needs_listener: bool) -> None:
        raw, problems = read_options(self.options)
        bound = bind(CoreSettings, "", raw)
        early = bound.usable or CoreSettings()
        self._configure_log(early)
        limit_s = early.plugin_timeout_s
        self._sources = Lifecycle(self.log, open_limit_s=limit_s, close_limit_s=limit_s)
        self._context = replace(self._context, data_dir=self.options.cwd / early.data_dir)
        catalog = Catalog.discover()
        selected = select_sources(raw, catalog)
        if selected.problems:  # without what the sources say, more would be found wrong than is
            raise ConfigurationError([*problems, *bound.problems, *selected.problems])
        sources = await open_sources(selected, self._sources, self._context)
        merged = await with_sources(raw, sources)
        self.blueprint = inspect_raw(
            merged, problems, self.options, catalog=catalog, sources=selected, needs_listener=needs_listener
        )
        tell_warnings(self.log, self.blueprint)
        functions = await self._check_and_load()
        self._configure_log(self.core)
        tell_start(self.log, self.core, self.blueprint)
        await self._open_plugins()
        tell_functions(self.log, self.manifest)
        for served in routes_served(self.manifest):
            self.observers.emit(served)
        await self._open_step("functions", "of the manifest", self._serving, functions)
        if sources:
            await self._open_step("configuration", "watch", following, raw, sources, self._changed, self._context)

    async def _check_and_load(self) -> list[Function]:
        """Raise everything that is wrong together, modules included."""
        blueprint = self.blueprint
        problems = [*blueprint.problems, *route_problems(blueprint)]
        if blueprint.manifest is None:
            raise ConfigurationError(problems)
        self.core, self.manifest = blueprint.core, blueprint.manifest
        limit_s = self.core.plugin_timeout_s
        self._lifecycle = Lifecycle(self.log, open_limit_s=limit_s, close_limit_s=limit_s)
        engine = await self._open_step("engine", "wasm", _engine, self.core, self.options.cwd)
        for notice in engine.notices:
            self.log.warning("%s", notice)
        functions, faults = await asyncio.to_thread(load_functions, engine, self.manifest.functions, self.log)
        if problems or faults:
            raise ConfigurationError([*problems, *faults])
        return functions

    async def _open_plugins(self) -> None:
        self.dispatcher.max_depth_count = self.core.max_call_depth
        self.dispatcher.max_request_bytes = self.core.max_request_bytes
        context = replace(self._context, data_dir=self.options.cwd / self.core.data_dir)
        self._opener = Opener(self.blueprint, self._lifecycle, context)
        await self._opener.open_observers(self.observers)
        stores = await self._opener.open_stores()
        self._checks.update(checks_of(stores))
        self.dispatcher.offer(await self._opener.open_capabilities(stores))

    @asynccontextmanager
    async def _serving(self, functions: list[Function]) -> AsyncIterator[None]:
        """Make the instances that are wanted from the start, and end all of them when triggers have closed."""
        self.dispatcher.serve(functions)
        try:
            for function in functions:
                await self._warm(function)
            yield
        finally:
            self.dispatcher.stop()
            await asyncio.gather(*(function.guest.close() for function in functions))

    async def _warm(self, function: Function) -> None:
        try:
            await function.guest.warm(self.dispatcher.call_of_start(function).answer)
        except GuestError as error:
            raise StartError(f"function {function.name} cannot be started: {error} {error.detail}".rstrip()) from error

    async def _open_step(self, kind: str, name: str, opener: Callable[..., Any], *args: object) -> Any:
        """Open one of core's own parts; where its error says everything, that is what the operator reads."""
        try:
            return await self._lifecycle.open(kind, name, opener, *args)
        except StepError as error:
            if isinstance(error.__cause__, _SAYS_IT_ALL):
                raise StartError(str(error.__cause__)) from error
            raise

    def _configure_log(self, core: CoreSettings) -> None:
        level = level_of(debug=core.debug, trace=core.trace, disabled=core.disable_logging)
        configure(self.log, level=level, is_text=core.text_log_format)
        self.observers.remove(self._debug_lines)
        if self.log.isEnabledFor(logging.DEBUG):
            self.observers.add("debug log", self._debug_lines)

    def _changed(self, raw: Raw) -> None:
        """Take over what may change while the server runs: log level and maintenance mode."""
        bound = bind(CoreSettings, "", raw)
        for problem in bound.problems:
            self.log.error("Changed settings not taken over: %s", problem)
        if bound.settings is not None and not bound.problems:
            new = {key: getattr(bound.settings, key) for key in HOT_KEYS}
            self.core = self.core.model_copy(update=new)
            self._configure_log(self.core)

    async def _close(self) -> None:
        await self.drain()
        await self._lifecycle.close()
        await self._sources.close()


@asynccontextmanager
async def _engine(core: CoreSettings, cwd: Path) -> AsyncIterator[Engine]:
    engine = make_engine(core, cwd)
    try:
        yield engine
    finally:
        engine.close()


@asynccontextmanager
async def _listening(server: "Server", probes: Probes) -> AsyncIterator["Server"]:
    """Stores close after this, so that no probe asks one that is closed."""
    try:
        async with server:
            server.listen()
            yield server
    finally:
        await probes.close()

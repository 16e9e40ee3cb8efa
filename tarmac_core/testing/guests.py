"""Runs real guests on the real engine, beside capabilities that a harness opened."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from tarmac_core import dispatch
from tarmac_core.plugin import CallFinished, GrantModel, HostCallFinished, Log, Observer, Request, Response
from tarmac_core.testing.answers import Capability
from tarmac_core.testing.records import Records
from tarmac_core.wapc import Engine, EngineSettings, GuestLimits

Grants = Mapping[str, Mapping[str, object] | bool]


class Guests:
    """Loaded functions. Their logs and those of their host calls are in `records`, as are the events of both."""

    def __init__(self, dispatcher: dispatch.Dispatcher, records: Records) -> None:
        self._dispatcher = dispatcher
        self.records = records

    async def call(self, function: str, payload: bytes = b"", *, timeout_s: float | None = None) -> bytes:
        """Call a function; raises InvocationError with the text that a client would read."""
        context = dispatch.CallContext("test", deadline_s=self._dispatcher.deadline_s(timeout_s))
        return await self._dispatcher.invoke(function, payload, context=context)

    async def request(self, function: str, request: Request) -> Response:
        """Let a function answer an HTTP request: it may read the request and set status and headers."""
        exchange = dispatch.HttpExchange(request)
        context = dispatch.CallContext("http", request.request_id, exchange=exchange)
        body = await self._dispatcher.invoke(function, request.body, context=context)
        return Response(exchange.code, body, tuple(exchange.headers))

    async def answer(self, function: str, payload: bytes) -> bytes:
        """Give this to a harness as its `answer`, and the plugin under test calls these guests."""
        return await self.call(function, payload)


@asynccontextmanager
async def running_guests(
    modules: Mapping[str, Path | bytes],
    *,
    capabilities: Iterable[Capability] = (),
    grants: Mapping[str, Grants] | None = None,
    limits: GuestLimits | None = None,
) -> AsyncIterator[Guests]:
    """Load `modules`, a `.wasm` file or its bytes for each function's name, and yield what calls them.

    `capabilities` are what they may call, beside the built-in `http`; `grants` are those of each function as in
    `tarmac.json`, a function without them may do everything. Raises GuestLoadError for what is no guest.
    """
    records = Records()
    log = dispatch.with_fields(records.log("guests"), {})
    observers = dispatch.Observers(log)
    observers.add("test", _Hearing(records))
    dispatcher = dispatch.Dispatcher(log=log, observers=observers, clock=asyncio.get_running_loop().time)
    opened = tuple(capabilities)
    dispatcher.offer([dispatch.http_capability(), *map(_offered, opened)])
    engine = Engine(EngineSettings())
    functions: list[dispatch.Function] = []
    try:
        for name, module in modules.items():
            wasm = module if isinstance(module, bytes) else module.read_bytes()
            lines = dispatch.with_fields(log, {"function": name})
            guest = engine.load(name, wasm, limits or GuestLimits(pool_size=10), log=_logging(lines))
            functions.append(dispatch.Function(name, "test", guest, _granted(opened, (grants or {}).get(name))))
        dispatcher.serve(functions)
        yield Guests(dispatcher, records)
    finally:
        for function in functions:
            await function.guest.close()
        engine.close()


class _Hearing(Observer):
    """Keeps the events of calls and host calls."""

    def __init__(self, records: Records) -> None:
        self._events = records.events

    def call_finished(self, event: CallFinished) -> None:
        self._events.append(event)

    def host_call_finished(self, event: HostCallFinished) -> None:
        self._events.append(event)


def _offered(opened: Capability) -> dispatch.Capability:
    spec = opened.spec
    return dispatch.Capability(
        name=spec.name,
        plugin=spec.name,
        operations=opened.operations,
        aliases=spec.aliases,
        stores=opened.stores if spec.backend_type is not None else None,
        ignores_case=spec.ignores_case,
    )


def _granted(opened: Iterable[Capability], grants: Grants | None) -> dispatch.Grants | None:
    if grants is None:
        return None
    models = {name: one.spec.grant_model for one in opened for name in (one.spec.name, *one.spec.aliases)}
    granted: dict[str, GrantModel | Literal[True]] = {}
    for name, grant in grants.items():
        if isinstance(grant, Mapping):
            granted[name] = (models.get(name) or GrantModel).model_validate(grant)
        elif grant:
            granted[name] = True
    return granted


def _logging(log: Log) -> Callable[[str, str], None]:
    def write(stream: str, text: str) -> None:
        log.info("%s", text, extra={"stream": stream})

    return write

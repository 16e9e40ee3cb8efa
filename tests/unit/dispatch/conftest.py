"""A dispatcher over the real engine."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import pytest

from tarmac_core.app.logs import make_log
from tarmac_core.dispatch import CallContext, Capability, Dispatcher, Function, Observers
from tarmac_core.plugin import HostCallError, Operation
from tarmac_core.wapc import Engine, GuestLimits
from tests.unit.dispatch.guests import RELAY, host_call, outcome


class Bench:
    """A dispatcher with what a test gives it, and its log."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lines = io.StringIO()
        self.log = make_log(level=logging.DEBUG, stream=self.lines)
        self.observers = Observers(self.log)
        self.capabilities: list[Capability] = []
        self.functions: dict[str, Function] = {}
        loop = asyncio.get_running_loop()
        self.dispatcher = Dispatcher(log=self.log, observers=self.observers, clock=loop.time)

    def offer(self, name: str, operations: dict[str, Operation[Any, Any]], **more: Any) -> None:
        """Add a capability."""
        self.capabilities.append(Capability(name, f"plugin-{name}", operations, **more))
        self.dispatcher.offer(self.capabilities)

    def load(self, name: str, wasm: bytes = RELAY, limits: GuestLimits | None = None, **more: Any) -> None:
        """Add a function."""
        guest = self.engine.load(name, wasm, limits or GuestLimits(pool_size=4), log=None)
        self.functions[name] = Function(name, "service", guest, **more)
        self.dispatcher.serve(self.functions.values())

    async def invoke(self, name: str, payload: bytes = b"", **context: Any) -> bytes:
        """Call a function as a client would."""
        return await self.dispatcher.invoke(
            name, payload, context=CallContext(context.pop("origin", "test"), **context)
        )

    async def host_call(
        self, function: str, binding: str, capability: str, operation: str, payload: bytes = b"", **context: Any
    ) -> tuple[bool, str, bytes]:
        """Let a relay function do one host call: flag, error text, payload."""
        return outcome(await self.invoke(function, host_call(binding, capability, operation, payload), **context))

    @property
    def logged(self) -> list[dict[str, Any]]:
        """All lines so far."""
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """One engine for all tests of dispatch."""
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
async def bench(engine: Engine) -> AsyncIterator[Bench]:
    """An empty dispatcher."""
    bench = Bench(engine)
    yield bench
    for function in bench.functions.values():
        await function.guest.close()


def raw(handler: Callable[..., Any]) -> Operation[bytes, bytes]:
    """An operation on plain bytes; errors are encoded as `code message`."""

    def decode(payload: bytes) -> tuple[bytes, Callable[[bytes | HostCallError], bytes]]:
        return (
            payload,
            lambda reply: f"{reply.code} {reply.message}".encode() if isinstance(reply, HostCallError) else reply,
        )

    return Operation(decode=decode, handler=handler)


def names(found: Iterable[Any]) -> list[str]:
    """Messages of log lines."""
    return [line["msg"] for line in found]

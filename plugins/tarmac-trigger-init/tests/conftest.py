"""A context by hand: a log that keeps its lines, an `invoke` that answers from a script, events in a list."""

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from tarmac_core.plugin import Call, Context, Event, RouteModel

Answer = Callable[[str, bytes], bytes]


class Lines(logging.Handler):
    """Keeps (level, message, fields) of each line."""

    def __init__(self) -> None:
        super().__init__(0)
        self.lines: list[tuple[int, str, dict[str, object]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage(), dict(getattr(record, "fields", {}))))


class Fields(logging.LoggerAdapter[logging.Logger]):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {"fields": {**(self.extra or {}), **(kwargs.get("extra") or {})}}
        return msg, kwargs


class World:
    """What a plugin sees of a server."""

    def __init__(self, data_dir: Path) -> None:
        self.handler = Lines()
        logger = logging.Logger("test", 1)
        logger.addHandler(self.handler)
        self.logger = logger
        self.events: list[Event] = []
        self.calls: list[tuple[str, bytes, str, Call | None]] = []
        self.answer: Callable[[str, bytes], Any] = lambda function, payload: payload
        self.data_dir = data_dir

    @property
    def lines(self) -> list[tuple[int, str, dict[str, object]]]:
        return self.handler.lines

    def log(self, **fields: object) -> Fields:
        return Fields(self.logger, fields)

    async def invoke(
        self, function: str, payload: bytes, *, origin: str, parent: Call | None = None, timeout_s: float | None = None
    ) -> bytes:
        self.calls.append((function, payload, origin, parent))
        answer = self.answer(function, payload)
        return await answer if asyncio.iscoroutine(answer) else answer

    def context(self, routes: tuple[RouteModel, ...] = ()) -> Context:
        clock = asyncio.get_running_loop().time
        return Context(self.log(), self.invoke, self.events.append, self.data_dir, clock, routes)


class GuestCall:
    """A call by the function `caller`."""

    def __init__(self, world: World, grant: Any = None) -> None:
        self.function = "caller"
        self.service = "shop"
        self.request_id = "r-1"
        self.deadline_s = None
        self.store = "default"
        self.grant = grant
        self.log = world.log(function="caller", service="shop", request_id="r-1")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def guest_call(world: World) -> Callable[..., GuestCall]:
    return lambda grant=None: GuestCall(world, grant)

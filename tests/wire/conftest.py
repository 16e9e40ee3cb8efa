"""The guest that has Google's Go implementation of protobuf, as functions that return at once."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tarmac_core.wapc import Engine, EngineSettings, Guest, GuestLimits, HostReply
from tests.guests.builder.paths import WASM


@dataclass(frozen=True)
class Go:
    """Another implementation: names are full names of messages, JSON is protobuf's own form of it."""

    runner: asyncio.Runner
    engine: Engine
    guest: Guest

    def names(self) -> list[str]:
        """All messages of all `.proto` files."""
        return self._ask("list", "", b"").decode().split("\n")

    def write(self, name: str, values: Any) -> bytes:
        """The message that a JSON value describes."""
        return self._ask("write", name, json.dumps(values).encode())

    def read(self, name: str, message: bytes) -> Any:
        """What a message says, as a JSON value. Whole numbers are floats, since doubles may be written as such."""
        return json.loads(self._ask("read", name, message), parse_int=float)

    def again(self, name: str, message: bytes) -> bytes:
        """The message read and written, unknown fields included."""
        return self._ask("again", name, message)

    def _ask(self, verb: str, name: str, operand: bytes) -> bytes:
        payload = f"{verb} {name}\n".encode() + operand
        return self.runner.run(self.guest.call(b"handler", payload, _refuse))


async def _refuse(binding: bytes, capability: bytes, operation: bytes, payload: bytes) -> HostReply:
    return HostReply(False, b"", "this guest needs no host")


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Go]:
    """One instance for all tests: it keeps nothing between calls."""
    settings = EngineSettings(cache_dir=tmp_path_factory.mktemp("modules"))
    with asyncio.Runner() as runner, Engine(settings) as engine:
        wasm = (WASM / "go-protobuf.wasm").read_bytes()
        guest = engine.load("go-protobuf", wasm, GuestLimits(pool_size=1, memory_bytes=128 << 20))
        yield Go(runner, engine, guest)
        runner.run(guest.close())

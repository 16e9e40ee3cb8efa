"""Real guests run beside what a harness opened."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tarmac_core.plugin import (
    CallFinished,
    CapabilitySpec,
    Context,
    HostCallError,
    HostCallFinished,
    InvocationError,
    Operation,
    Operations,
    PluginInfo,
    PluginSettings,
    Request,
    StoreGrant,
    hookimpl,
)
from tarmac_core.testing import PluginHarness, running_guests
from tarmac_core.wapc import GuestLoadError
from tests.unit.dispatch.guests import ECHO, RELAY, SAYS_NO, SPINS, host_call, outcome

Make = Callable[..., PluginHarness]


def _encode(reply: object) -> bytes:
    return f"error {reply.code}".encode() if isinstance(reply, HostCallError) else bytes(reply)  # type: ignore[call-overload]


class Shouting:
    """A capability on stores that answers in capitals, after a while."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        return PluginInfo(name="shouting")

    @hookimpl
    def tarmac_capabilities(self, settings: PluginSettings) -> list[CapabilitySpec]:
        return [CapabilitySpec("shout", self.open, grant_model=StoreGrant, backend_type=dict, ignores_case=True)]

    @asynccontextmanager
    async def open(
        self, settings: PluginSettings, stores: Mapping[str, dict[str, bytes]], context: Context
    ) -> AsyncIterator[Operations]:
        async def up(call: Any, request: bytes) -> bytes:
            await asyncio.sleep(0.001)
            return request.upper() + stores[call.store]["mark"]

        yield {"up": Operation(lambda payload: (payload, _encode), up)}


async def test_a_guest_calls_a_capability_that_a_harness_opened(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(Shouting) as plugin:
        shout = await plugin.capability(stores={"default": {"mark": b"!"}, "other": {"mark": b"?"}})
        async with running_guests(
            {"free": RELAY, "bound": RELAY}, capabilities=[shout], grants={"bound": {"shout": {"stores": ["other"]}}}
        ) as guests:
            said = await guests.call("free", host_call("tarmac", "shout", "UP", b"hi"))
            other = await guests.call("bound", host_call("other", "shout", "up", b"hi"))
            refused = await guests.call("bound", host_call("tarmac", "shout", "up", b"hi"))
    assert outcome(said) == (True, "", b"HI!")
    assert outcome(other) == (True, "", b"HI?")
    assert outcome(refused)[2] == b"error 403"
    assert [type(event) for event in guests.records.events[:2]] == [HostCallFinished, CallFinished]


async def test_guests_are_what_a_plugin_under_test_invokes(tarmac_plugin: Make) -> None:
    async with running_guests({"echo": ECHO}) as guests, tarmac_plugin(Shouting) as plugin:
        plugin.records.answer = guests.answer
        assert await plugin.context().invoke("echo", b"hello", origin="test") == b"hello"


async def test_a_guests_failure_and_time_limit_read_as_a_client_reads_them() -> None:
    async with running_guests({"no": SAYS_NO, "spin": SPINS}) as guests:
        with pytest.raises(InvocationError, match="out of coffee"):
            await guests.call("no")
        with pytest.raises(InvocationError, match="time limit"):
            await guests.call("spin", timeout_s=0.05)
    assert "Function" in " ".join(guests.records.messages(logging.DEBUG))


async def test_a_guest_answers_a_request_and_may_read_it() -> None:
    async with running_guests({"relay": RELAY}) as guests:
        body = host_call("tarmac", "http", "request/get", b"{}")
        response = await guests.request("relay", Request("POST", "/users/7", body, route="/users/:id"))
    assert response.code == 200
    ok, _, answered = outcome(response.body)
    assert ok
    assert b"/users/:id" in answered


async def test_what_is_no_guest_is_refused_and_the_engine_is_closed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wasm"
    broken.write_bytes(b"\0asm")
    with pytest.raises(GuestLoadError):
        async with running_guests({"broken": broken}):
            raise AssertionError("it was loaded")

"""Observers hear what they override, and nobody else pays."""

import asyncio

import pytest

from tarmac_core.dispatch import Observers
from tarmac_core.plugin import (
    Call,
    CallFinished,
    HostCallError,
    HostCallFinished,
    InvocationError,
    Observer,
    PoolChanged,
    TaskFinished,
)
from tarmac_core.wapc import GuestLimits
from tests.unit.dispatch.conftest import Bench, names, raw
from tests.unit.dispatch.guests import ECHO, SAYS_NO, TRAPS


class Calls(Observer):
    def __init__(self) -> None:
        self.calls: list[CallFinished] = []
        self.host_calls: list[HostCallFinished] = []

    def call_finished(self, event: CallFinished) -> None:
        self.calls.append(event)

    def host_call_finished(self, event: HostCallFinished) -> None:
        self.host_calls.append(event)


class Pools(Observer):
    def __init__(self) -> None:
        self.events: list[PoolChanged] = []

    def pool_changed(self, event: PoolChanged) -> None:
        self.events.append(event)


class Broken(Observer):
    def __init__(self) -> None:
        self.times = 0

    def call_finished(self, event: CallFinished) -> None:
        self.times += 1
        raise RuntimeError("sink is full")


async def later(call: Call, payload: bytes) -> bytes:
    await asyncio.sleep(0.05)
    return payload


def nothing(call: Call, payload: bytes) -> bytes:
    return b""


async def test_calls_are_told_with_their_outcome(bench: Bench) -> None:
    heard = Calls()
    bench.observers.add("calls", heard)
    bench.load("echo", ECHO)
    bench.load("no", SAYS_NO)
    bench.load("trap", TRAPS)
    await bench.invoke("echo", b"x", origin="http", request_id="r-1")
    for name in ("no", "trap"):
        with pytest.raises(InvocationError):
            await bench.invoke(name)
    told = [(one.function, one.service, one.origin, one.outcome) for one in heard.calls]
    assert told == [
        ("echo", "service", "http", "ok"),
        ("no", "service", "test", "guest"),
        ("trap", "service", "test", "abnormal"),
    ]
    assert heard.calls[0].request_id == "r-1"
    assert 0 < heard.calls[0].duration_ms < 10_000


async def test_calls_that_are_not_made_are_told_too(bench: Bench) -> None:
    heard = Calls()
    bench.observers.add("calls", heard)
    bench.load("echo", ECHO)
    bench.dispatcher.max_request_bytes = 1
    with pytest.raises(InvocationError, match="larger than 1 bytes"):
        await bench.invoke("echo", b"xx", request_id="r-1")
    with pytest.raises(InvocationError, match="not found"):
        await bench.invoke("a name that a client made up")
    assert heard.calls == [CallFinished("echo", "service", "test", "too_large", 0.0, "r-1")]


async def test_host_calls_are_told_with_their_code(bench: Bench) -> None:
    def missing(call: Call, payload: bytes) -> bytes:
        raise HostCallError(404, "no such key")

    async def fails(call: Call, payload: bytes) -> bytes:
        raise ValueError

    heard = Calls()
    bench.observers.add("calls", heard)
    bench.offer("x", {"ok": raw(nothing), "missing": raw(missing), "fails": raw(fails)}, aliases=("alias",))
    bench.load("f")
    bench.load("granted", grants={})
    for capability, operation in (("alias", "ok"), ("x", "missing"), ("x", "fails"), ("x", "nope")):
        await bench.host_call("f", "tarmac", capability, operation)
    await bench.host_call("granted", "default", "x", "ok")
    told = [(one.binding, one.capability, one.operation, one.code) for one in heard.host_calls]
    assert told == [
        ("tarmac", "x", "ok", 200),
        ("tarmac", "x", "missing", 404),
        ("tarmac", "x", "fails", 500),
        ("tarmac", "", "nope", 404),
        ("default", "x", "ok", 403),
    ]


async def test_a_host_call_is_told_with_its_plugin_and_the_operations_own_name(bench: Bench) -> None:
    heard = Calls()
    bench.observers.add("calls", heard)
    bench.offer("x", {"Ok": raw(nothing)}, ignores_case=True)
    bench.load("f")
    for operation in ("oK", "nope"):
        await bench.host_call("f", "tarmac", "x", operation)
    assert [(one.plugin, one.operation) for one in heard.host_calls] == [("plugin-x", "Ok"), ("", "nope")]


async def test_a_host_call_that_the_deadline_ends_is_told_too(bench: Bench) -> None:
    async def wait(call: Call, payload: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    heard = Calls()
    bench.observers.add("calls", heard)
    bench.offer("x", {"y": raw(wait)})
    bench.load("f", timeout_s=0.05)
    with pytest.raises(InvocationError):
        await bench.host_call("f", "tarmac", "x", "y")
    assert [(one.operation, one.code) for one in heard.host_calls] == [("y", 500)]
    assert [one.outcome for one in heard.calls] == ["timeout"]


async def test_a_pool_is_told_when_it_grows_and_not_otherwise(bench: Bench) -> None:
    heard = Pools()
    bench.observers.add("pools", heard)
    bench.load("echo", ECHO)
    for _ in range(3):
        await bench.invoke("echo")
    assert [(one.function, one.instances) for one in heard.events] == [("echo", 1)]


async def test_a_pool_tells_of_calls_that_wait(bench: Bench) -> None:
    heard = Pools()
    bench.observers.add("pools", heard)
    bench.offer("slow", {"op": raw(later)})
    bench.load("f", limits=GuestLimits(pool_size=1))
    await asyncio.gather(*(bench.host_call("f", "tarmac", "slow", "op") for _ in range(2)))
    assert [(one.instances, one.idle, one.waiting) for one in heard.events] == [(1, 0, 1), (1, 0, 0)]


async def test_an_observer_that_raises_is_removed_and_logged_once(bench: Bench) -> None:
    broken, heard = Broken(), Calls()
    bench.observers.add("broken", broken)
    bench.observers.add("calls", heard)
    bench.load("echo", ECHO)
    for _ in range(3):
        assert await bench.invoke("echo", b"x") == b"x"
    assert broken.times == 1
    assert len(heard.calls) == 3
    assert names(bench.logged).count("Observer removed: it raised in call_finished") == 1


def test_nobody_listens_until_someone_overrides() -> None:
    observers = Observers(log=None)  # type: ignore[arg-type]
    assert (observers.hears_calls, observers.hears_host_calls, observers.hears_pools, observers.hears_requests) == (
        False,
    ) * 4
    observers.add("base", Observer())
    assert not observers.hears_calls
    calls = Calls()
    observers.add("calls", calls)
    assert (observers.hears_calls, observers.hears_host_calls, observers.hears_pools) == (True, True, False)
    observers.emit(TaskFinished("f", "init", "ok", 1.0))
    observers.remove(calls)
    assert not observers.hears_calls

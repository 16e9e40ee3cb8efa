"""Host calls from a real guest through the dispatcher."""

import asyncio
from typing import Any

import pytest

from tarmac_core.plugin import Call, HostCallError, Operation
from tests.unit.dispatch.conftest import Bench, raw


def reverse(call: Call, payload: bytes) -> bytes:
    return payload[::-1]


@pytest.mark.parametrize("binding", ["tarmac", "default", ""])
async def test_both_sdk_generations_reach_the_default_store(bench: Bench, binding: str) -> None:
    bench.offer("kvstore", {"get": raw(reverse)}, stores=frozenset(("default",)))
    bench.load("f")
    assert await bench.host_call("f", binding, "kvstore", "get", b"abc") == (True, "", b"cba")


@pytest.mark.parametrize("capability", ["logger", "logging"])
@pytest.mark.parametrize("operation", ["info", "Info", "INFO"])
async def test_a_capability_answers_under_its_aliases_and_in_any_case(
    bench: Bench, capability: str, operation: str
) -> None:
    bench.offer("logger", {"info": raw(reverse)}, aliases=("logging",), ignores_case=True)
    bench.load("f")
    assert await bench.host_call("f", "tarmac", capability, operation, b"ab") == (True, "", b"ba")


@pytest.mark.parametrize(
    ("binding", "capability", "operation"),
    [
        ("tarmac", "nope", "get"),
        ("tarmac", "kvstore", "nope"),
        ("tarmac", "kvstore", "Get"),
        ("other", "logger", "info"),
    ],
)
async def test_what_nobody_offers_is_callback_not_found(
    bench: Bench, binding: str, capability: str, operation: str
) -> None:
    bench.offer("kvstore", {"get": raw(reverse)}, stores=frozenset(("default",)))
    bench.offer("logger", {"info": raw(reverse)})
    bench.load("f")
    assert await bench.host_call("f", binding, capability, operation) == (False, "callback not found", b"")


async def test_unknown_names_do_not_fill_the_table_or_the_log(bench: Bench) -> None:
    bench.load("f")
    for number in range(40):
        await bench.host_call("f", "tarmac", "nope" * 100, str(number % 20))
    assert bench.functions["f"].bound == {}
    told = [line for line in bench.logged if line["msg"].startswith("Callback not found")]
    assert len(told) == 16
    assert (told[0]["function"], told[0]["capability"], told[0]["operation"]) == ("f", "nope" * 16, "0")


async def test_a_failed_host_call_gives_the_guest_text_and_encoded_reply(bench: Bench) -> None:
    def missing(call: Call, payload: bytes) -> bytes:
        raise HostCallError(404, "no such key")

    bench.offer("kvstore", {"get": raw(missing)})
    bench.load("f")
    assert await bench.host_call("f", "tarmac", "kvstore", "get") == (False, "no such key", b"404 no such key")


async def test_a_failure_with_a_payload_of_its_own_keeps_it(bench: Bench) -> None:
    def fails(call: Call, payload: bytes) -> bytes:
        raise HostCallError(400, "bad", payload=b"mine")

    bench.offer("x", {"y": raw(fails)})
    bench.load("f")
    assert await bench.host_call("f", "tarmac", "x", "y") == (False, "bad", b"mine")


@pytest.mark.parametrize("waits", [True, False])
async def test_a_plugins_fault_is_internal_error_for_the_guest_and_logged_with_the_request_id(
    bench: Bench, waits: bool
) -> None:
    def fails(call: Call, payload: bytes) -> bytes:
        raise ValueError("secret address 10.0.0.1")

    async def fails_later(call: Call, payload: bytes) -> bytes:
        await asyncio.sleep(0)
        raise ValueError("secret address 10.0.0.1")

    bench.offer("x", {"y": raw(fails_later if waits else fails)})
    bench.load("f")
    answer = await bench.host_call("f", "tarmac", "x", "y", request_id="r-1")
    assert answer == (False, "internal error", b"500 internal error")
    line = bench.logged[-1]
    assert line["msg"] == "Host call failed inside its plugin"
    assert (line["request_id"], line["plugin"], line["capability"], line["operation"]) == ("r-1", "plugin-x", "x", "y")
    assert "10.0.0.1" in line["error"]


async def test_an_encoder_that_fails_leaves_the_error_text(bench: Bench) -> None:
    def decode(payload: bytes) -> tuple[bytes, Any]:
        def encode(reply: object) -> bytes:
            raise RuntimeError("cannot")

        return payload, encode

    bench.offer("x", {"y": Operation(decode=decode, handler=reverse)})
    bench.load("f")
    assert await bench.host_call("f", "tarmac", "x", "y") == (False, "internal error", b"")


async def test_an_operation_that_answers_with_something_else_than_bytes_is_an_internal_error(bench: Bench) -> None:
    def decode(payload: bytes) -> tuple[bytes, Any]:
        return payload, str

    bench.offer("x", {"y": Operation(decode=decode, handler=reverse)})
    bench.load("f")
    flag, error, _ = await bench.host_call("f", "tarmac", "x", "y")
    assert (flag, error) == (False, "internal error")


async def test_a_handler_that_waits_is_awaited_while_others_go_on(bench: Bench) -> None:
    gate = asyncio.Event()

    async def wait(call: Call, payload: bytes) -> bytes:
        await gate.wait()
        return payload

    bench.offer("x", {"wait": raw(wait), "now": raw(reverse)})
    bench.load("f")
    waiting = asyncio.create_task(bench.host_call("f", "tarmac", "x", "wait", b"1"))
    assert await bench.host_call("f", "tarmac", "x", "now", b"23") == (True, "", b"32")
    assert not waiting.done()
    gate.set()
    assert await waiting == (True, "", b"1")


async def test_a_handler_sees_its_caller(bench: Bench) -> None:
    seen: list[tuple[object, ...]] = []

    def look(call: Call, payload: bytes) -> bytes:
        seen.append((call.function, call.service, call.request_id, call.store, call.grant, call.deadline_s))
        call.log.info("hello", extra={"name": "extra"})
        return b""

    bench.offer("x", {"y": raw(look)})
    bench.load("f")
    await bench.host_call("f", "tarmac", "x", "y", request_id="r-7", deadline_s=9e9)
    assert seen == [("f", "service", "r-7", "default", None, 9e9)]
    line = bench.logged[-1]
    assert (line["function"], line["service"], line["request_id"], line["name"]) == ("f", "service", "r-7", "extra")


async def test_a_request_id_is_made_up_once_when_nobody_gave_one(bench: Bench) -> None:
    ids: list[str] = []

    def look(call: Call, payload: bytes) -> bytes:
        ids.extend((call.request_id, call.request_id))
        return b""

    bench.offer("x", {"y": raw(look)})
    bench.load("f")
    await bench.host_call("f", "tarmac", "x", "y")
    await bench.host_call("f", "tarmac", "x", "y")
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


async def test_the_deadline_cancels_the_handler(bench: Bench) -> None:
    cancelled = asyncio.Event()

    async def wait(call: Call, payload: bytes) -> bytes:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return b""

    bench.offer("x", {"y": raw(wait)})
    bench.load("f", timeout_s=0.05)
    with pytest.raises(Exception, match="time limit"):
        await bench.host_call("f", "tarmac", "x", "y")
    await asyncio.wait_for(cancelled.wait(), 1)


async def test_a_handler_that_is_cancelled_from_inside_is_an_internal_error(bench: Bench) -> None:
    async def quits(call: Call, payload: bytes) -> bytes:
        raise asyncio.CancelledError

    bench.offer("x", {"y": raw(quits)})
    bench.load("f")
    assert (await bench.host_call("f", "tarmac", "x", "y"))[:2] == (False, "internal error")

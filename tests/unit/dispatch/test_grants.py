"""What a function with grants may do, and what it is told otherwise."""

from typing import Any

import pytest

from tarmac_core.plugin import Call, StoreGrant
from tests.unit.dispatch.conftest import Bench, raw


def where(call: Call, payload: bytes) -> bytes:
    return f"{call.store} {call.grant!r}".encode()


def offer(bench: Bench) -> None:
    bench.offer("kvstore", {"get": raw(where)}, stores=frozenset(("default", "sessions")))
    bench.offer("metrics", {"counter": raw(where)})
    bench.offer("logger", {"info": raw(where)}, aliases=("logging",))


async def test_without_grants_everything_enabled_is_allowed_on_the_default_store(bench: Bench) -> None:
    offer(bench)
    bench.load("f")
    assert await bench.host_call("f", "tarmac", "kvstore", "get") == (True, "", b"default None")
    assert (await bench.host_call("f", "tarmac", "metrics", "counter"))[0]


async def test_without_grants_a_named_store_is_refused(bench: Bench) -> None:
    offer(bench)
    bench.load("f")
    text = 'not granted: store "sessions" needs a grant, and function f has no grants'
    assert await bench.host_call("f", "sessions", "kvstore", "get") == (False, text, f"403 {text}".encode())


@pytest.mark.parametrize("capability", ["logger", "logging"])
async def test_the_logger_needs_no_grant(bench: Bench, capability: str) -> None:
    offer(bench)
    bench.load("f", grants={})
    assert (await bench.host_call("f", "tarmac", capability, "info"))[0]


async def test_with_grants_a_capability_that_is_not_named_is_refused_by_the_rule(bench: Bench) -> None:
    offer(bench)
    bench.load("f", grants={"kvstore": True})
    text = "not granted: the grants of function f do not name metrics"
    assert await bench.host_call("f", "tarmac", "metrics", "counter") == (False, text, f"403 {text}".encode())


async def test_a_refusal_whose_question_cannot_be_read_still_says_why(bench: Bench) -> None:
    def decode(payload: bytes) -> Any:
        raise ValueError(payload)

    from tarmac_core.plugin import Operation  # noqa: PLC0415 - only here

    bench.offer("x", {"y": Operation(decode=decode, handler=where)})
    bench.load("f", grants={})
    assert await bench.host_call("f", "tarmac", "x", "y") == (
        False,
        "not granted: the grants of function f do not name x",
        b"",
    )


@pytest.mark.parametrize(
    ("grant", "binding", "allowed"),
    [
        (True, "tarmac", True),
        (True, "sessions", True),
        (StoreGrant(stores=("default",)), "tarmac", True),
        (StoreGrant(stores=("default",)), "sessions", False),
        (StoreGrant(stores=("sessions",)), "sessions", True),
        (StoreGrant(stores=("sessions",)), "tarmac", False),
    ],
)
async def test_a_grant_names_the_stores(bench: Bench, grant: Any, binding: str, allowed: bool) -> None:
    offer(bench)
    bench.load("f", grants={"kvstore": grant})
    flag, error, _ = await bench.host_call("f", binding, "kvstore", "get")
    assert flag is allowed
    assert allowed or error.startswith("not granted: grants.kvstore.stores of function f does not list")


async def test_the_handler_gets_store_and_grant(bench: Bench) -> None:
    offer(bench)
    grant = StoreGrant(stores=("sessions",))
    bench.load("f", grants={"kvstore": grant})
    _, _, payload = await bench.host_call("f", "sessions", "kvstore", "get")
    assert payload == f"sessions {grant!r}".encode()


async def test_a_grant_under_an_alias_counts(bench: Bench) -> None:
    bench.offer("long", {"x": raw(where)}, aliases=("short",))
    bench.load("f", grants={"short": True})
    assert (await bench.host_call("f", "tarmac", "long", "x"))[0]


async def test_two_functions_have_their_own_grants(bench: Bench) -> None:
    offer(bench)
    bench.load("may", grants={"metrics": True})
    bench.load("may_not", grants={})
    assert (await bench.host_call("may", "tarmac", "metrics", "counter"))[0]
    assert not (await bench.host_call("may_not", "tarmac", "metrics", "counter"))[0]


async def test_a_store_that_does_not_exist_is_callback_not_found_with_grants_too(bench: Bench) -> None:
    offer(bench)
    bench.load("f", grants={"kvstore": True})
    assert await bench.host_call("f", "nope", "kvstore", "get") == (False, "callback not found", b"")

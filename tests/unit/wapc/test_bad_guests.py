"""A guest that traps, ends itself or lies about its memory hurts its own call only."""

from collections.abc import Awaitable

import pytest

from tarmac_core.wapc import GuestError
from tests.unit.wapc.conftest import Load, never, reverse
from tests.unit.wapc.guests import BAD_POINTERS, WASI, bad_pointers, guest, starting, wasi_everywhere


@pytest.mark.parametrize(
    ("operation", "kind", "text"),
    [
        (b"u", "trap", "wasm `unreachable` instruction executed"),
        (b"o", "trap", "out of bounds memory access"),
        (b"d", "trap", "integer divide by zero"),
        (b"s", "trap", "call stack exhausted"),
        (b"x", "exit", "the function ended itself with exit code 3"),
        (b"a", "abort", "the function aborted: boom at file.ts:7:9"),
        (b"A", "abort", "the function aborted: no message at unknown file:0:0"),
    ],
)
@pytest.mark.parametrize("warm", [False, True])
async def test_a_call_that_ends_badly_says_how_and_costs_its_instance(
    load: Load, operation: bytes, kind: str, text: str, warm: bool
) -> None:
    zoo = load(pool_size=1)
    if warm:
        await zoo.call(b"k", b"", never)
    with pytest.raises(GuestError) as caught:
        await zoo.call(operation, b"\3", never)
    assert (caught.value.kind, caught.value.message) == (kind, text)
    assert zoo.stats().instances == 0
    assert await zoo.call(b"k", b"", never) == (1).to_bytes(4, "little")


async def test_a_trap_has_its_backtrace_as_detail(load: Load) -> None:
    with pytest.raises(GuestError) as caught:
        await load().call(b"u", b"", never)
    assert "wasm backtrace" in caught.value.detail


async def test_exit_code_0_in_a_call_is_an_exit_too(load: Load) -> None:
    with pytest.raises(GuestError, match="exit code 0"):
        await load().call(b"x", b"\0", never)


@pytest.mark.parametrize("name", list(BAD_POINTERS))
async def test_a_pointer_outside_memory_is_a_trap(load: Load, name: str) -> None:
    index = list(BAD_POINTERS).index(name)
    function = load(bad_pointers(), pool_size=1)
    for _ in range(2):
        with pytest.raises(GuestError) as caught:
            await function.call(bytes([index]), b"payload", reverse)
        assert caught.value.kind == "trap"
        assert caught.value.message == "out of bounds memory access"
    assert function.stats().instances == 0


async def outcome(call: Awaitable[bytes]) -> tuple[bytes, str]:
    """The answer, and the kind of the failure."""
    try:
        return await call, ""
    except GuestError as error:
        return b"", error.kind


@pytest.mark.parametrize("name", WASI)
async def test_a_pointer_outside_memory_given_to_wasi_hurts_its_own_call_only(load: Load, name: str) -> None:
    function = load(wasi_everywhere(name), pool_size=1)
    for _ in range(2):
        answer, ended = await outcome(function.call(b"e", b"", never))
        assert ended in ("", "trap")
        assert ended or int.from_bytes(answer, "little") != 0
    assert await load().call(b"e", b"well", never) == b"well"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("unreachable", "`_start` failed: wasm `unreachable` instruction executed"),
        ("(call $exit (i32.const 4))", "`_start` failed: the function ended itself with exit code 4"),
        (
            "(call $abort (i32.const 600) (i32.const 640) (i32.const 1) (i32.const 2))",
            "`_start` failed: the function aborted: boom at file.ts:1:2",
        ),
        ("(drop (call $recurse (i32.const 0)))", "`_start` failed: call stack exhausted"),
    ],
)
async def test_a_start_function_that_fails_fails_the_call_that_needed_it(load: Load, body: str, text: str) -> None:
    function = load(starting(body))
    for _ in range(2):
        with pytest.raises(GuestError) as caught:
            await function.call(b"e", b"", never)
        assert (caught.value.kind, caught.value.message) == ("init", text)
        assert function.stats().instances == 0
    with pytest.raises(GuestError, match="_start"):
        await load(starting(body), min_instances=1).warm(never)


async def test_exit_code_0_in_a_start_function_leaves_the_instance_usable(load: Load) -> None:
    function = load(starting("(call $exit (i32.const 0))"))
    assert await function.call(b"e", b"hello", never) == b"hello"
    full = load(starting("(call $exit (i32.const 0))"), memory_bytes=3 * 65536)  # most of it in use
    assert await full.call(b"e", b"hello", never) == b"hello"


async def test_start_functions_run_in_order_and_make_host_calls(load: Load) -> None:
    order = []

    def record(_b: bytes, _n: bytes, _o: bytes, payload: bytes) -> bytes:
        order.append(payload)
        return b""

    def says(name: str, at: int) -> str:
        return f'(func (export "{name}") (drop (call $ask (i32.const {at}) (i32.const 1))))'

    function = load(
        guest(
            "(call $response (i32.const 1024) (local.get $n)) (return (i32.const 1))",
            extra=f"""(data (i32.const 900) "1234") (func $first (drop (call $ask (i32.const 900) (i32.const 1))))
            {says("wapc_init", 903)} {says("_initialize", 902)} {says("_start", 901)} (start $first)""",
        )
    )
    assert await function.call(b"e", b"x", record) == b"x"
    assert order == [b"1", b"2", b"3", b"4"]


async def test_a_start_function_reads_its_own_name_as_the_operation(load: Load) -> None:
    asked: list[bytes] = []

    def handler(*call: bytes) -> bytes:
        asked.append(call[3])
        return b""

    body = "(call $request (i32.const 1024) (i32.const 2048)) (drop (call $ask (i32.const 1024) (i32.const 9)))"
    function = load(starting(body, name="wapc_init"))
    await function.call(b"e", b"", handler)
    assert asked == [b"wapc_init"]


async def test_a_failing_host_call_handler_in_a_start_function_fails_the_call(load: Load) -> None:
    function = load(starting("(drop (call $ask (i32.const 0) (i32.const 1)))"))

    def fail(*_: bytes) -> bytes:
        raise LookupError("handler")

    with pytest.raises(LookupError, match="handler"):
        await function.call(b"e", b"", fail)
    assert function.stats().instances == 0
    assert await function.call(b"e", b"x", reverse) == b"x"


async def test_a_table_too_large_at_its_start_is_told(load: Load) -> None:
    function = load(guest("unreachable", extra="(table $big 200000 funcref)"))
    with pytest.raises(GuestError, match="no instance can be made") as caught:
        await function.call(b"e", b"", never)
    assert caught.value.kind == "init"


async def test_a_table_stops_growing_at_its_limit(load: Load) -> None:
    function = load(
        guest(
            """(loop $more (br_if $more (i32.ne (i32.const -1) (table.grow $t (ref.null func) (i32.const 999)))))
            (i32.store (i32.const 1024) (table.size $t))
            (call $response (i32.const 1024) (i32.const 4)) (return (i32.const 1))""",
            extra="(table $t 1 funcref)",
        )
    )
    assert 99_000 < int.from_bytes(await function.call(b"e", b"", never), "little") <= 100_000

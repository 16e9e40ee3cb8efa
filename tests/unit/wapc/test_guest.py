"""What a call gives back."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tarmac_core.wapc import Engine, EngineError, EngineSettings, GuestError, GuestLimits, HostReply
from tests.unit.wapc.conftest import MIB, Load, never, reverse, reverse_later
from tests.unit.wapc.guests import zoo


async def test_an_answer_is_what_the_guest_gave(load: Load) -> None:
    guest = load()
    assert await guest.call(b"e", b"hello", never) == b"hello"
    assert await guest.call(b"e", b"", never) == b""


async def test_no_answer_and_success_is_empty(load: Load) -> None:
    assert await load().call(b"n", b"x", never) == b""


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (b"g", "a text"),
        (b"G", "a text"),
        (b"z", 'call to "z" was unsuccessful'),
        (b"2", 'call to "2" was unsuccessful'),
        (b"E", 'call to "E" was unsuccessful'),
    ],
)
async def test_an_error_of_the_guests_own_keeps_its_text_and_its_instance(
    load: Load, operation: bytes, text: str
) -> None:
    guest = load(pool_size=1)
    await guest.call(b"k", b"", never)
    with pytest.raises(GuestError) as caught:
        await guest.call(operation, b"a text", never)
    assert (caught.value.kind, caught.value.message) == ("guest", text)
    assert await guest.call(b"k", b"", never) == (2).to_bytes(4, "little")


async def test_an_error_text_that_is_no_utf8_is_told_all_the_same(load: Load) -> None:
    with pytest.raises(GuestError, match="a\ufffdb"):
        await load().call(b"g", b"a\xffb", never)


@pytest.mark.parametrize("handler", [reverse, reverse_later])
async def test_a_host_call_reaches_the_handler_and_its_answer_the_guest(load: Load, handler: object) -> None:
    asked: list[tuple[bytes, ...]] = []

    def host_call(*call: bytes) -> object:
        asked.append(call)
        return handler(*call)  # type: ignore[operator]

    guest = load()
    for _ in range(2):  # the second takes the fast path
        assert await guest.call(b"h", b"hello", host_call) == b"olleh"  # type: ignore[arg-type]
    assert asked == [(b"bind", b"space", b"op", b"hello")] * 2


@pytest.mark.parametrize("later", [False, True])
async def test_a_guest_reads_status_text_and_payload_of_a_failed_host_call(load: Load, later: bool) -> None:
    def now(*_: bytes) -> HostReply:
        return HostReply(False, b"payload", "täxt")

    async def wait(*_: bytes) -> HostReply:
        await asyncio.sleep(0)
        return HostReply(False, b"payload", "täxt")

    guest = load()
    for _ in range(2):
        answer = await guest.call(b"f", b"", wait if later else now)
        assert answer == b"\0" + bytes([5]) + "täxt".encode() + b"payload"
    assert await guest.call(b"f", b"", lambda *_: HostReply(True, b"fine")) == b"\1\0fine"
    assert await guest.call(b"f", b"", lambda *_: HostReply(False, b"", "gone")) == b"\0\4gone"


async def test_an_error_text_that_utf8_cannot_carry_reaches_the_guest_all_the_same(load: Load) -> None:
    assert await load().call(b"f", b"", lambda *_: HostReply(False, b"", "a\udc80b")) == b"\0\3a?b"


async def test_answers_and_host_calls_of_one_call_do_not_overwrite_each_other(load: Load) -> None:
    guest = load()
    for size in (1, 100, 70_000, 300_000):
        payload = bytes(range(256)) * (size // 256 + 1)
        assert await guest.call(b"y", payload[:size], reverse) == payload[:size][::-1]


async def test_what_a_handler_raises_ends_the_call_and_the_instance(load: Load) -> None:
    guest = load(pool_size=1)

    def fail(*_: bytes) -> bytes:
        raise LookupError("handler")

    async def fail_later(*_: bytes) -> bytes:
        await asyncio.sleep(0)
        raise LookupError("handler")

    for handler in (fail, fail_later, fail):
        with pytest.raises(LookupError, match="handler"):
            await guest.call(b"h", b"", handler)
        assert guest.stats().instances == 0
        assert await guest.call(b"k", b"", never) == (1).to_bytes(4, "little")


async def test_a_handler_that_answers_no_bytes_ends_the_call_with_a_type_error(load: Load) -> None:
    guest = load()

    async def text(*_: bytes) -> str:
        return "text"

    for _ in range(2):
        with pytest.raises(TypeError, match=r"gave str; it must give bytes, a HostReply"):
            await guest.call(b"h", b"", text)  # type: ignore[arg-type]
        await guest.call(b"e", b"", never)
    with pytest.raises(TypeError, match="payload must be bytes"):
        await guest.call(b"h", b"", lambda *_: HostReply(True, "text"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="payload must be bytes"):
        await guest.call(b"e", bytearray(b"x"), never)  # type: ignore[arg-type]
    assert guest.stats().waiting == 0


@pytest.mark.parametrize("warm", [False, True])
async def test_a_handler_that_answers_nothing_is_asked_once(load: Load, warm: bool) -> None:
    guest, asked = load(), 0
    if warm:
        await guest.call(b"e", b"", never)

    def nothing(*_: bytes) -> None:
        nonlocal asked
        asked += 1

    with pytest.raises(TypeError, match="gave NoneType"):
        await guest.call(b"h", b"", nothing)  # type: ignore[arg-type]
    assert asked == 1
    assert guest.stats().instances == 0


async def test_many_host_calls_answered_at_once_in_one_call(load: Load) -> None:
    count = 0

    def host_call(*_: bytes) -> bytes:
        nonlocal count
        count += 1
        if count == 100:
            raise StopIteration
        return b""

    with pytest.raises(RuntimeError):  # a coroutine turns StopIteration into it
        await load().call(b"F", b"", host_call)
    assert count == 100


SIZES = [0, 1, 7, 8, 9, 65535, 65536, 65537, 130_000, MIB, 5 * MIB + 3, 20 * MIB + 1]


@pytest.mark.parametrize("size", SIZES)
async def test_payloads_are_byte_exact_through_call_and_host_call(load: Load, size: int) -> None:
    payload = hashlib.shake_128(str(size).encode()).digest(size)
    guest = load()
    for handler in (reverse, reverse_later):
        assert await guest.call(b"e", payload, never) == payload
        assert await guest.call(b"h", payload, handler) == payload[::-1]


async def test_64_mib_pass_in_both_directions(load: Load) -> None:
    payload = hashlib.shake_128(b"64").digest(64 * MIB)
    guest = load(memory_bytes=256 * MIB)
    assert await guest.call(b"e", payload, never) == payload
    seen = []

    def host_call(_b: bytes, _n: bytes, _o: bytes, data: bytes) -> bytes:
        seen.append(data == payload)
        return data

    assert await guest.call(b"h", payload, host_call) == payload
    assert seen == [True]


async def test_small_and_large_payloads_alternate_on_one_instance(load: Load) -> None:
    guest = load(pool_size=1)
    for size in (3 * MIB, 10, 2 * MIB, 0, 15 * MIB, 5):
        payload = hashlib.shake_128(str(size).encode()).digest(size)
        assert await guest.call(b"h", payload, lambda *c: c[3]) == payload


async def test_an_instance_that_moved_much_is_not_used_again(load: Load) -> None:
    guest = load(pool_size=1)
    await guest.call(b"k", b"", never)
    await guest.call(b"e", bytes(9 * MIB), never)
    assert guest.stats().instances == 0
    assert await guest.call(b"k", b"", never) == (1).to_bytes(4, "little")
    with pytest.raises(GuestError):
        await guest.call(b"g", b"x" * 9 * MIB, never)
    assert guest.stats().instances == 0
    with pytest.raises(GuestError, match="unsuccessful"):
        await guest.call(b"z", b"x" * 17 * MIB, never)
    assert guest.stats().instances == 0


async def test_a_huge_call_answered_in_one_slice_is_the_last_of_its_instance(cache_dir: Path) -> None:
    with Engine(EngineSettings(cache_dir=cache_dir, tick_ms=500)) as engine:
        guest = engine.load("zoo", zoo(), GuestLimits(pool_size=1))
        await guest.call(b"k", b"", never)
        payload = bytes(range(256)) * (9 * MIB // 256)
        assert await guest.call(b"e", payload, never) == payload
        assert guest.stats().instances == 0


@given(st.binary(max_size=300), st.binary(max_size=300), st.text(max_size=40), st.booleans())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_pass_unchanged(engine: Engine, payload: bytes, answer: bytes, error: str, ok: bool) -> None:
    async def main() -> None:
        guest = engine.load("zoo", zoo(), GuestLimits())
        try:
            assert await guest.call(b"e" + payload, payload, never) == payload
            got = await guest.call(b"f", payload, lambda *_: HostReply(ok, answer, error))
            assert got == bytes([ok, len(error.encode())]) + error.encode() + answer
        finally:
            await guest.close()

    asyncio.run(main())


@given(
    st.lists(st.integers(0, 400_000), min_size=1, max_size=6), st.lists(st.integers(0, 400_000), min_size=1, max_size=6)
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_sizes_on_one_instance(engine: Engine, sizes: list[int], answers: list[int]) -> None:
    async def main() -> None:
        guest = engine.load("zoo", zoo(), GuestLimits(pool_size=1))
        try:
            for size, answer in zip(sizes, answers, strict=False):
                data = hashlib.shake_128(str(size).encode()).digest(answer)
                assert await guest.call(b"y", bytes(size), lambda *_, data=data: data) == data
        finally:
            await guest.close()

    asyncio.run(main())


@pytest.mark.parametrize("isolation", ["reused", "fresh"])
async def test_state_stays_in_reused_instances_only(load: Load, isolation: str) -> None:
    guest = load(isolation=isolation)
    counts = [int.from_bytes(await guest.call(b"k", b"", never), "little") for _ in range(3)]
    assert counts == ([1, 2, 3] if isolation == "reused" else [1, 1, 1])
    assert guest.stats().idle == (isolation == "reused")


async def test_warm_makes_the_least_number_of_instances(load: Load) -> None:
    for isolation in ("reused", "fresh"):
        guest = load(min_instances=3, isolation=isolation)
        await guest.warm(never)
        assert guest.stats().instances == guest.stats().idle == 3
        await guest.warm(never)
        assert await guest.call(b"e", b"x", never) == b"x"
        assert guest.stats().instances == (3 if isolation == "reused" else 2)


async def test_calls_at_the_same_time_keep_their_payloads_apart(load: Load) -> None:
    guest = load(pool_size=3)

    async def one(i: int) -> None:
        data = str(i).encode() * 50
        assert await guest.call(b"h", data, reverse_later) == data[::-1]

    await asyncio.gather(*(one(i) for i in range(60)))
    assert guest.stats().instances == guest.stats().idle == 3


def test_settings_that_cannot_be_are_refused() -> None:
    for wrong in ({"workers": 0}, {"tick_ms": 0}, {"max_request_bytes": 0}, {"max_response_bytes": 2 << 30}):
        with pytest.raises(EngineError, match=next(iter(wrong))):
            EngineSettings(**wrong)  # type: ignore[arg-type]
    for wrong in (
        {"pool_size": 0},
        {"min_instances": -1},
        {"queue_length": -1},
        {"cpu_ms": 0},
        {"memory_bytes": 65535},
    ):
        with pytest.raises(EngineError, match=f"{next(iter(wrong))} is .* must be at least"):
            GuestLimits(**wrong)  # type: ignore[arg-type]

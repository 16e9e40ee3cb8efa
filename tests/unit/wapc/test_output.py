"""What a guest writes becomes lines in the log."""

import asyncio
import itertools
import struct
import time

import pytest

from tarmac_core.wapc import GuestError
from tests.unit.wapc.conftest import Load, never
from tests.unit.wapc.guests import guest

Lines = list[tuple[str, str]]


async def test_console_lines_reach_the_log(load: Load, lines: Lines) -> None:
    function = load()
    await function.call(b"c", b"hello", never)
    await function.call(b"c", b"two\nlines", never)
    await function.call(b"c", b"", never)
    await function.call(b"c", b"\xff", never)
    assert lines == [("console", text) for text in ("hello", "two", "lines", "", "\ufffd")]


@pytest.mark.parametrize(("operation", "stream"), [(b"w", "stdout"), (b"W", "stderr")])
async def test_stdout_and_stderr_are_split_into_lines(load: Load, lines: Lines, operation: bytes, stream: str) -> None:
    function = load()
    await function.call(operation, b"one\r\ntwo\n\nthree", never)
    assert lines == [(stream, text) for text in ("one", "two", "", "three")]


async def test_a_line_in_pieces_is_one_line_and_ends_with_its_call(load: Load, lines: Lines) -> None:
    function = load(
        guest(
            """(call $write (i32.const 1) (i32.const 2)) (call $write (i32.const 2) (i32.const 3))
            (call $write (i32.const 1) (local.get $n)) (return (i32.const 1))"""
        )
    )
    await function.call(b"x", b"abc\nd", never)
    assert sorted(lines) == [("stderr", "abc"), ("stdout", "ababc"), ("stdout", "d")]


async def test_long_output_is_cut_into_lines_and_nothing_is_lost(load: Load, lines: Lines) -> None:
    await load().call(b"w", b"x" * 200_000 + b"\nend", never)
    assert [len(text) for _, text in lines] == [65536, 65536, 65536, 200_000 - 3 * 65536, 3]


@pytest.mark.parametrize("operation", [b"c", b"w"])
async def test_a_text_of_many_lines_leaves_the_loop_its_turns(load: Load, lines: Lines, operation: bytes) -> None:
    calling = asyncio.create_task(load().call(operation, b"\n" * 65_536 * 5, never))
    turns = [time.perf_counter()]
    while not calling.done():
        await asyncio.sleep(0)
        turns.append(time.perf_counter())
    await calling
    assert max(after - before for before, after in itertools.pairwise(turns)) < 0.1
    left_out = f"({65536 - 100} more lines of this write are left out)"
    assert [text for _, text in lines][:101] == [""] * 100 + [left_out]


async def test_a_hundred_lines_of_a_write_are_all_there(load: Load, lines: Lines) -> None:
    for count in (100, 101, 102):
        lines.clear()
        await load().call(b"c", b"x\n" * count, never)
        await load().call(b"w", b"x\n" * count + b"rest", never)
        more = [] if count == 100 else [f"({count - 100} more lines of this write are left out)"]
        texts = {stream: [text for each, text in lines if each == stream] for stream in ("console", "stdout")}
        assert texts == {"console": ["x"] * 100 + more, "stdout": ["x"] * 100 + more + ["rest"]}


async def test_the_deadline_ends_a_text_of_many_lines(load: Load) -> None:
    function = load(pool_size=1)
    function._program.log = lambda _stream, _line: time.sleep(0.001)
    with pytest.raises(GuestError, match="time limit"):
        await function.call(b"w", b"\n" * 65_536 * 20, never, deadline_s=asyncio.get_running_loop().time() + 0.2)
    assert function.stats().instances == 0


async def test_what_was_written_before_a_failure_is_kept(load: Load, lines: Lines) -> None:
    function = load(guest("(call $write (i32.const 2) (local.get $n)) unreachable"))
    with pytest.raises(GuestError):
        await function.call(b"x", b"last words", never)
    assert lines == [("stderr", "last words")]


async def test_other_descriptors_are_refused_to_the_guest(load: Load) -> None:
    assert await load().call(b"b", b"", never) == (8).to_bytes(4, "little")  # EBADF


async def test_trace_has_its_message_and_numbers(load: Load, lines: Lines) -> None:
    await load().call(b"t", b"", never)
    assert lines == [("trace", "boom 1.5, 2")]


async def test_abort_keeps_its_text_as_detail(load: Load) -> None:
    with pytest.raises(GuestError) as caught:
        await load().call(b"a", b"", never)
    assert caught.value.detail == "boom at file.ts:7:9"


async def test_a_log_that_raises_ends_the_call_and_the_instance(engine: object, load: Load) -> None:
    function = load()

    def fail(_stream: str, _line: str) -> None:
        raise OSError("disk full")

    function._program.log = fail
    with pytest.raises(OSError, match="disk full"):
        await function.call(b"c", b"x", never)
    assert function.stats().instances == 0


async def test_seeds_differ_from_each_other_and_between_instances(load: Load) -> None:
    function = load(isolation="fresh")
    pairs = [struct.unpack("2Q", await function.call(b"I", b"", never)) for _ in range(3)]
    assert len({seed for pair in pairs for seed in pair}) == 6

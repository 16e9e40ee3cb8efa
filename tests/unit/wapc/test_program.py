"""Modules that cannot become guests are refused with words, without an instance."""

import threading

import pytest

from tarmac_core.wapc import Engine, GuestError, GuestLimits, GuestLoadError
from tarmac_core.wapc.binary import prepare, sections
from tests.unit.wapc.conftest import Load, never, reverse
from tests.unit.wapc.guests import guest, wasm, zoo

ENTRY = '(func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))'
MEMORY = '(memory (export "memory") 1)'


def module(text: str) -> bytes:
    return wasm(f"(module {text})")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"not wasm at all", "it is not a WebAssembly module"),
        (b"\0asm", "it is cut off, or of an unknown version of WebAssembly"),
        (b"\0asm\x0d\0\1\0", "it is a component"),
        (b"\0asm\2\0\0\0", "of an unknown version"),
        (b"\0asm\1\0\0\0", "it has no memory"),
        (b"\0asm\1\0\0\0\1\xff\xff", "it is cut off or damaged"),
        (b"\0asm\1\0\0\0\1" + b"\xff" * 12, "a number is too long"),
        (b"\0asm\1\0\0\0\2\x0f\1\x0dwasi_unstable", "it is cut off or damaged"),
        (b"\0asm\1\0\0\0\1\1\7\5\3\1\0\1", "the module is not valid"),
    ],
)
def test_bytes_that_are_no_module_are_refused(engine: Engine, data: bytes, words: str) -> None:
    with pytest.raises(GuestLoadError, match="function `broken`: ") as caught:
        engine.load("broken", data, GuestLimits())
    assert words in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_module_is_refused(engine: Engine, share: float) -> None:
    data = zoo()
    with pytest.raises(GuestLoadError, match=r"cut off or damaged|not valid|has no memory"):
        engine.load("cut", data[: int(len(data) * share)], GuestLimits())


HOST_CALL = "(param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MEMORY, ["it exports no function `__guest_call`"]),
        (f'{MEMORY} (global (export "__guest_call") i32 (i32.const 1))', ["`__guest_call` is not a function"]),
        (
            f'{MEMORY} (func (export "__guest_call") (param i32) (result i32) (i32.const 1))',
            ["`__guest_call` is (i32) -> (i32), it must be (i32, i32) -> (i32)"],
        ),
        (f'{MEMORY} {ENTRY} (func (export "_start") (param i32))', ["`_start` is (i32) -> (), it must be () -> ()"]),
        (ENTRY, ["it has no memory"]),
        (f'{ENTRY} (memory 1) (func (export "memory"))', ["its export `memory` is not a memory"]),
        (f"{MEMORY} {ENTRY} (memory 1)", ["it has 2 memories"]),
        (f'{ENTRY} (memory (export "memory") 1 1 shared)', ["shared or 64-bit"]),
        (f'{ENTRY} (memory (export "memory") i64 1)', ["shared or 64-bit"]),
        (
            f'{ENTRY} (memory (export "memory") 5000)',
            ["needs 327680000 bytes of memory at its start, memory_bytes allows"],
        ),
        (f'(import "env" "frobnicate" (func)) {MEMORY} {ENTRY}', ["unknown import `env::frobnicate`"]),
        (f'(import "wapc" "__nope" (func)) {MEMORY} {ENTRY}', ["unknown import `wapc::__nope`"]),
        (f'(import "wapc" "io" (memory 1)) {MEMORY} {ENTRY}', ["unknown import `wapc::io`"]),
        (f'(import "wapc" "table" (table 1 funcref)) {MEMORY} {ENTRY}', ["unknown import `wapc::table`"]),
        (
            '(import "a" "b" (func)) (import "c" "d" (global i32)) (import "wapc" "__host_error" (func)) (memory 1)',
            ["`__guest_call`", "`a::b`", "`c::d`", "`wapc::__host_error` is () -> (), it must be (i32) -> ()"],
        ),
        (
            f'(import "wapc" "__host_call" (global i32)) {MEMORY} {ENTRY}',
            ["`wapc::__host_call` is not a function, it must be (i32, i32, i32, i32, i32, i32, i32, i32) -> (i32)"],
        ),
        (
            f'(import "wasi_snapshot_preview1" "no_such" (func)) {MEMORY} {ENTRY}',
            ["unknown import: `wasi_snapshot_preview1::no_such`"],
        ),
        (
            f'(import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))) {MEMORY} {ENTRY}',
            [
                "`wasi_snapshot_preview1::fd_close`",
                "(func (param i64) (result i32))",
                "(func (param i32) (result i32))",
            ],
        ),
        (
            f'(import "wasi_unstable" "fd_write" (func (param i32))) {MEMORY} {ENTRY}',
            ["`wasi_snapshot_preview1::fd_write` is (i32) -> (), it must be (i32, i32, i32, i32) -> (i32)"],
        ),
    ],
)
def test_a_module_that_does_not_fit_is_refused_naming_what_and_how(engine: Engine, text: str, words: list[str]) -> None:
    with pytest.raises(GuestLoadError) as caught:
        engine.load("odd", module(text), GuestLimits())
    assert [word for word in words if word not in str(caught.value)] == []


ENTRY_V128 = '(func (export "__guest_call") (param v128 i32) (result i32) (i32.const 1))'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{MEMORY} {ENTRY_V128}", "`__guest_call` is (v128, i32) -> (i32), it must be"),
        (f'{MEMORY} {ENTRY} (func (export "_start") (param v128))', "`_start` is (v128) -> ()"),
        (f'(import "env" "abort" (func (param v128))) {MEMORY} {ENTRY}', "`env::abort` is (v128) -> ()"),
        (
            f'(import "wasi_snapshot_preview1" "fd_close" (func (param v128) (result i32))) {MEMORY} {ENTRY}',
            "(func (param v128) (result i32))",
        ),
        (f'{MEMORY} {ENTRY} (func (export "_start") (param funcref))', "`_start` is (funcref) -> ()"),
    ],
)
def test_types_that_wasmtime_py_does_not_know_are_named(engine: Engine, text: str, words: str) -> None:
    with pytest.raises(GuestLoadError) as caught:
        engine.load("odd", module(text), GuestLimits())
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "(func (param externref))",
        "(func (param (ref func)))",
        "(func (param anyref))",
        "(func (param exnref))",
        "(type (struct (field i64)))",
        "(type (array (mut i32)))",
        "(rec (type (func)))",
        "(tag)",
        "(table 1 externref)",
    ],
)
def test_what_needs_a_heap_of_wasmtimes_own_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(GuestLoadError, match="not valid"):
        engine.load("odd", module(f"{text} {MEMORY} {ENTRY}"), GuestLimits())


async def test_names_of_functions_never_reach_wasmtime_which_would_demangle_them(load: Load) -> None:
    data = module(
        f"""{MEMORY} (func $bomb (@name "_Z4bombv") unreachable) (@custom ".debug_info" "x")
        (func (export "__guest_call") (param i32 i32) (result i32) (call $bomb) (i32.const 1))"""
    )
    assert b"_Z4bombv" in data
    assert [part.number for part in sections(prepare(data, 1 << 20)) if part.number == 0] == []
    with pytest.raises(GuestError) as caught:
        await load(data).call(b"e", b"", never)
    assert "bomb" not in caught.value.detail


def test_a_modules_own_texts_stay_on_one_line_of_bounded_length(engine: Engine) -> None:
    imports = "".join(f'(import "e\\0a\\1b[2J" "n{i}" (func))' for i in range(500))
    with pytest.raises(GuestLoadError) as caught:
        engine.load("odd", module(f'{imports} (import "env" "{"x" * 9000}" (func)) {MEMORY} {ENTRY}'), GuestLimits())
    text = str(caught.value)
    assert "unknown import `e\\n\\x1b[2J::n0`" in text
    assert text.endswith("and 481 more")
    assert text.isprintable()
    with pytest.raises(GuestLoadError, match=r"x\.\.\. \(9022 characters\)"):
        engine.load("odd", module(f'(import "env" "{"x" * 9000}" (func)) {MEMORY} {ENTRY}'), GuestLimits())


async def test_imports_from_wasi_unstable_work(load: Load, lines: list[tuple[str, str]]) -> None:
    """A subscription has 56 bytes there: user data 0, type 8, identifier 16, clock 24, timeout 32, precision 40, flags 48."""
    old = load(
        wasm("""(module
      (import "wapc" "__guest_response" (func $response (param i32 i32)))
      (import "wasi_unstable" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_unstable" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (import "wasi_unstable" "random_get" (func $random (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 8) "hello\\n")
      (func (export "__guest_call") (param i32 i32) (result i32)
        (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 6))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (i64.store (i32.const 64) (i64.const 5)) (i64.store (i32.const 80) (i64.const 99999999999))
        (i32.store (i32.const 88) (i32.const 1)) (i64.store (i32.const 96) (i64.const 3000000))
        (if (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 192)) (then unreachable))
        (if (call $random (i32.const 256) (i32.const 8)) (then unreachable))
        (call $response (i32.const 128) (i32.const 8))
        (i32.const 1)))""")
    )
    assert await old.call(b"e", b"", never) == (5).to_bytes(8, "little")
    assert lines == [("stdout", "hello")]


async def test_a_guest_whose_memory_has_another_name_works(load: Load) -> None:
    assert await load(guest("(return (i32.const 1))", memory="(memory 2)")).call(b"e", b"", never) == b""


async def test_a_guest_without_an_export_section_of_its_own_memory_keeps_its_start_section(load: Load) -> None:
    function = load(
        wasm("""(module
      (import "wapc" "__guest_response" (func $response (param i32 i32)))
      (import "wapc" "__host_call" (func $host (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (memory 1)
      (func $first (i32.store (i32.const 8) (call $host (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1))))
      (start $first)
      (func (export "__guest_call") (param i32 i32) (result i32)
        (call $response (i32.const 8) (i32.const 1)) (i32.const 1)))""")
    )
    assert await function.call(b"e", b"", reverse) == b"\1"


async def test_a_declared_maximum_below_the_limit_is_kept(load: Load) -> None:
    function = load(
        guest(
            """(call $eat) (i32.store (i32.const 1024) (memory.size)) (call $response (i32.const 1024) (i32.const 4))
            (return (i32.const 1))""",
            memory='(memory (export "memory") 2 34)',
        )
    )
    assert await function.call(b"e", b"", never) == (34).to_bytes(4, "little")


async def test_modules_load_on_several_threads_at_once(engine: Engine) -> None:
    errors: list[BaseException] = []

    def work(i: int) -> None:
        try:
            engine.load(f"f{i}", guest(f"(drop (i32.const {i})) (return (i32.const 1))"), GuestLimits())
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


async def test_a_load_makes_no_instance(load: Load) -> None:
    function = load()
    assert function.stats().instances == 0
    assert function.name == "zoo"
    with pytest.raises(GuestError):
        await function.call(b"u", b"", never)

"""Small guests in WebAssembly text. `ZOO` does what the first byte of the operation says; the rest are built for one test."""

import functools

import wasmtime

IMPORTS = """
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $response_len (result i32)))
  (import "wapc" "__host_response" (func $read_response (param i32)))
  (import "wapc" "__host_error_len" (func $error_len (result i32)))
  (import "wapc" "__host_error" (func $read_error (param i32)))
  (import "wapc" "__console_log" (func $console (param i32 i32)))
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (import "env" "trace" (func $trace (param i32 i32 f64 f64 f64 f64 f64)))
  (import "env" "seed" (func $seed (result f64)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
"""
# 512: names of host calls. 600: "boom" and "file.ts" in UTF-16, lengths before them. 1024: the payload.
HELPERS = r"""
  (data (i32.const 512) "bindspaceop")
  (data (i32.const 596) "\08\00\00\00b\00o\00o\00m\00")
  (data (i32.const 636) "\0e\00\00\00f\00i\00l\00e\00.\00t\00s\00")
  (global $count (mut i32) (i32.const 0))
  (func $room (param $end i32)
    (block $enough
      (br_if $enough (i64.le_u (i64.extend_i32_u (local.get $end)) (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
      (br_if $enough (i32.ne (i32.const -1) (memory.grow (i32.add (i32.const 1) (i32.sub
        (i32.shr_u (local.get $end) (i32.const 16)) (memory.size))))))
      unreachable))
  (func $recurse (param i32) (result i32) (i32.add (i32.const 1) (call $recurse (i32.add (local.get 0) (i32.const 1)))))
  (func $ask (param $p i32) (param $n i32) (result i32)
    (call $host_call (i32.const 512) (i32.const 4) (i32.const 516) (i32.const 5) (i32.const 521) (i32.const 2)
      (local.get $p) (local.get $n)))
  (func $ask_and_read (param $n i32) (result i32) (local $ok i32)
    (local.set $ok (call $ask (i32.const 1024) (local.get $n)))
    (call $room (i32.add (i32.const 1040) (call $response_len)))
    (call $read_response (i32.const 1024))
    (local.get $ok))
  (func $sleep (param $ns i64)
    (i64.store (i32.const 704) (i64.const 77))
    (i32.store (i32.const 720) (i32.const 1))
    (i64.store (i32.const 728) (local.get $ns))
    (if (call $poll (i32.const 704) (i32.const 768) (i32.const 1) (i32.const 800)) (then unreachable))
    (if (i64.ne (i64.load (i32.const 768)) (i64.const 77)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 800)) (i32.const 1)) (then unreachable)))
  (func $write (param $fd i32) (param $n i32) (local $at i32)
    (local.set $at (i32.const 1024))
    (loop $more
      (i32.store (i32.const 704) (local.get $at))
      (i32.store (i32.const 708) (i32.shr_u (local.get $n) (i32.const 1)))
      (i32.store (i32.const 712) (i32.add (local.get $at) (i32.shr_u (local.get $n) (i32.const 1))))
      (i32.store (i32.const 716) (i32.sub (local.get $n) (i32.shr_u (local.get $n) (i32.const 1))))
      (if (call $fd_write (local.get $fd) (i32.const 704) (i32.const 2) (i32.const 800)) (then unreachable))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 800))))
      (local.set $n (i32.sub (local.get $n) (i32.load (i32.const 800))))
      (br_if $more (local.get $n))))
  (func $eat (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16))))))
  (func $spin (param $rounds i32)
    (loop $more
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $more (local.get $rounds))))
"""
FAR = "(i32.const 0xfffffff0)"
RESPOND = "(call $response (i32.const 1024) (local.get $n)) (return (i32.const 1))"
ANSWER_OF_HOST = "(call $response (i32.const 1024) (call $response_len)) (return (i32.const 1))"
BODIES = {
    "e": RESPOND,
    "h": f"(drop (call $ask_and_read (local.get $n))) {ANSWER_OF_HOST}",
    # status byte, length of the error text, error text, payload: what the guest can read of a host call's answer
    "f": """
      (i32.store8 (i32.const 1000) (call $ask (i32.const 1024) (local.get $n)))
      (i32.store8 (i32.const 1001) (call $error_len))
      (call $room (i32.add (i32.const 2000) (i32.add (call $error_len) (call $response_len))))
      (call $read_error (i32.const 1002))
      (call $read_response (i32.add (i32.const 1002) (call $error_len)))
      (call $response (i32.const 1000) (i32.add (i32.const 2) (i32.add (call $error_len) (call $response_len))))
      (return (i32.const 1))""",
    "u": "unreachable",
    "o": "(drop (i32.load (i32.const 0xfffffff0)))",
    "d": "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
    "s": "(drop (call $recurse (i32.const 0)))",
    "x": "(call $exit (i32.load8_u (i32.const 1024)))",
    "l": "(loop $ever (br $ever))",
    "m": "(call $eat) unreachable",
    "M": "(call $eat) (call $exit (i32.const 2))",
    "a": "(call $abort (i32.const 600) (i32.const 640) (i32.const 7) (i32.const 9))",
    "A": "(call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
    "t": """(call $trace (i32.const 600) (i32.const 2) (f64.const 1.5) (f64.const 2) (f64.const 0) (f64.const 0) (f64.const 0))
      (return (i32.const 1))""",
    "c": "(call $console (i32.const 1024) (local.get $n)) (return (i32.const 1))",
    "w": f"(call $write (i32.const 1) (local.get $n)) {RESPOND}",
    "W": f"(call $write (i32.const 2) (local.get $n)) {RESPOND}",
    "b": """(i32.store (i32.const 1024) (call $fd_write (i32.const 5) (i32.const 704) (i32.const 1) (i32.const 800)))
      (call $response (i32.const 1024) (i32.const 4)) (return (i32.const 1))""",
    "p": f"(call $sleep (i64.mul (i64.load32_u (i32.const 1024)) (i64.const 1000000))) {RESPOND}",
    "F": "(loop $ever (drop (call $ask (i32.const 1024) (i32.const 4))) (br $ever))",
    "L": "(loop $ever (call $console (i32.const 1024) (i32.const 4)) (br $ever))",
    "S": "(loop $ever (call $sleep (i64.const 1000)) (br $ever))",
    "g": "(call $error (i32.const 1024) (local.get $n)) (return (i32.const 0))",
    "G": """(call $response (i32.const 512) (i32.const 11)) (call $error (i32.const 1024) (local.get $n))
      (call $response (i32.const 512) (i32.const 4)) (return (i32.const 1))""",
    "n": "(return (i32.const 1))",
    "z": "(return (i32.const 0))",
    "2": "(call $response (i32.const 512) (i32.const 4)) (return (i32.const 2))",
    "E": "(call $error (i32.const 1024) (i32.const 0)) (return (i32.const 0))",
    "R": """(call $room (i32.load (i32.const 1024))) (call $response (i32.const 0) (i32.load (i32.const 1024)))
      (return (i32.const 1))""",
    "Q": """(call $room (i32.load (i32.const 1024))) (call $error (i32.const 0) (i32.load (i32.const 1024)))
      (return (i32.const 0))""",
    "H": """(call $room (i32.load (i32.const 1024))) (drop (call $ask (i32.const 0) (i32.load (i32.const 1024))))
      (return (i32.const 1))""",
    "N": """(call $room (i32.load (i32.const 1024))) (drop (call $host_call (i32.const 512) (i32.const 4) (i32.const 516)
      (i32.const 5) (i32.const 0) (i32.load (i32.const 1024)) (i32.const 512) (i32.const 4))) (return (i32.const 1))""",
    # names made of the payload: its first two, three and six bytes
    "v": """(drop (call $host_call (i32.const 1024) (i32.const 2) (i32.const 1024) (i32.const 3) (i32.const 1024)
      (i32.const 6) (i32.const 0) (i32.const 0))) (return (i32.const 1))""",
    # answers in pieces: the response before, between and after a host call, whose answer is read last
    "y": f"""(call $response (i32.const 512) (i32.const 4))
      (drop (call $ask (i32.const 1024) (local.get $n)))
      (call $response (i32.const 1024) (local.get $n))
      (call $console (i32.const 1024) (local.get $n))
      (call $room (i32.add (i32.const 1040) (call $response_len)))
      (call $read_response (i32.const 1024)) {ANSWER_OF_HOST}""",
    "k": """(global.set $count (i32.add (global.get $count) (i32.const 1))) (i32.store (i32.const 1024) (global.get $count))
      (call $response (i32.const 1024) (i32.const 4)) (return (i32.const 1))""",
    "P": f"(call $spin (i32.load (i32.const 1024))) {RESPOND}",
    "i": "(f64.store (i32.const 1024) (call $seed)) (call $response (i32.const 1024) (i32.const 8)) (return (i32.const 1))",
    "I": """(f64.store (i32.const 1024) (call $seed)) (f64.store (i32.const 1032) (call $seed))
      (call $response (i32.const 1024) (i32.const 16)) (return (i32.const 1))""",
}
BAD_POINTERS = {
    "__guest_request (operation)": f"(call $request {FAR} (i32.const 0))",
    "__guest_request (payload)": f"(call $request (i32.const 0) {FAR})",
    "__guest_response": f"(call $response {FAR} (i32.const 64))",
    "__guest_error": f"(call $error {FAR} (i32.const 64))",
    "__host_call (binding)": f"(drop (call $host_call {FAR} {'(i32.const 64) (i32.const 0) ' * 3} (i32.const 0)))",
    "__host_call (namespace)": (
        f"(drop (call $host_call (i32.const 0) (i32.const 0) {FAR} {'(i32.const 64) (i32.const 0) ' * 2} (i32.const 0)))"
    ),
    "__host_call (operation)": (
        f"(drop (call $host_call {'(i32.const 0) ' * 4} {FAR} (i32.const 64) (i32.const 0) (i32.const 0)))"
    ),
    "__host_call (payload)": f"(drop (call $host_call {'(i32.const 0) ' * 6} {FAR} (i32.const 64)))",
    "__host_response": f"(drop (call $ask (i32.const 0) (i32.const 4))) (call $read_response {FAR})",
    "__host_error": f"(drop (call $ask (i32.const 0) (i32.const 4))) (call $read_error {FAR})",
    "__console_log": f"(call $console {FAR} (i32.const 64))",
    "abort (message)": f"(call $abort {FAR} (i32.const 0) (i32.const 0) (i32.const 0))",
    "abort (no room for a length)": "(call $abort (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0))",
    "abort (file)": f"(call $abort (i32.const 600) {FAR} (i32.const 0) (i32.const 0))",
    "trace": f"(call $trace {FAR} (i32.const 0) {'(f64.const 0)' * 5})",
    "poll_oneoff (in)": f"(drop (call $poll {FAR} (i32.const 0) (i32.const 1) (i32.const 0)))",
    "poll_oneoff (out)": f"(drop (call $poll (i32.const 2048) {FAR} (i32.const 1) (i32.const 0)))",
    "poll_oneoff (count)": f"(drop (call $poll (i32.const 2048) (i32.const 0) (i32.const 1) {FAR}))",
    "fd_write (vectors)": f"(drop (call $fd_write (i32.const 1) {FAR} (i32.const 1) (i32.const 0)))",
    "fd_write (count)": f"(drop (call $fd_write (i32.const 1) (i32.const 2048) (i32.const 1) {FAR}))",
    "fd_write (data)": (
        f"(i32.store (i32.const 2048) {FAR}) (i32.store (i32.const 2052) (i32.const 64))"
        "(drop (call $fd_write (i32.const 1) (i32.const 2048) (i32.const 1) (i32.const 0)))"
    ),
}

# functions of WASI that take pointers, beside those above: their parameters, `P` for pointers. `args_get` and `environ_get`
# write nothing, since there is nothing.
WASI = {
    "args_sizes_get": "PP",
    "clock_res_get": "iP",
    "clock_time_get": "ilP",
    "environ_sizes_get": "PP",
    "fd_fdstat_get": "iP",
    "fd_filestat_get": "iP",
    "fd_pread": "iPilP",
    "fd_prestat_dir_name": "iPi",
    "fd_prestat_get": "iP",
    "fd_pwrite": "iPilP",
    "fd_read": "iPiP",
    "fd_readdir": "iPilP",
    "fd_seek": "iliP",
    "fd_tell": "iP",
    "path_create_directory": "iPi",
    "path_filestat_get": "iiPiP",
    "path_filestat_set_times": "iiPilli",
    "path_link": "iiPiiPi",
    "path_open": "iiPiilliP",
    "path_readlink": "iPiPiP",
    "path_remove_directory": "iPi",
    "path_rename": "iPiiPi",
    "path_symlink": "PiiPi",
    "path_unlink_file": "iPi",
    "random_get": "Pi",
    "sock_recv": "iPiiPP",
    "sock_send": "iPiiP",
}


def wasi_everywhere(name: str) -> bytes:
    """A guest that gives one of `WASI` pointers outside its memory and answers with its error number."""
    types = " ".join("i64" if kind == "l" else "i32" for kind in WASI[name])
    given = " ".join({"P": FAR, "l": "(i64.const 1)", "i": "(i32.const 1)"}[kind] for kind in WASI[name])
    return wasm(f"""(module
      (import "wapc" "__guest_response" (func $response (param i32 i32)))
      (import "wasi_snapshot_preview1" "{name}" (func $it (param {types}) (result i32)))
      (memory (export "memory") 1)
      (func (export "__guest_call") (param i32 i32) (result i32)
        (i32.store (i32.const 0) (call $it {given}))
        (call $response (i32.const 0) (i32.const 4)) (i32.const 1)))""")


@functools.cache
def wasm(text: str) -> bytes:
    """A module's bytes from its text."""
    return bytes(wasmtime.wat2wasm(text))


def guest(body: str, extra: str = "", memory: str = '(memory (export "memory") 2)') -> bytes:
    """A guest whose `__guest_call` has `body`, with $op, $n and $b (the operation's first byte) at hand."""
    return wasm(f"""(module {IMPORTS} {memory} {HELPERS} {extra}
      (func (export "__guest_call") (param $op i32) (param $n i32) (result i32) (local $b i32)
        (call $room (i32.add (i32.const 2048) (local.get $n)))
        (call $request (i32.const 0) (i32.const 1024))
        (local.set $b (i32.load8_u (i32.const 0)))
        {body} unreachable))""")


def zoo() -> bytes:
    """The guest with all `BODIES`."""
    return guest(
        "".join(f"(if (i32.eq (local.get $b) (i32.const {ord(b)})) (then {body}))" for b, body in BODIES.items())
    )


def bad_pointers() -> bytes:
    """Operation N, one byte, makes the Nth call of `BAD_POINTERS`."""
    return guest(
        "".join(
            f"(if (i32.eq (local.get $b) (i32.const {i})) (then {body}))"
            for i, body in enumerate(BAD_POINTERS.values())
        )
    )


def starting(body: str, name: str = "_start", entry: str = RESPOND) -> bytes:
    """A guest with a start function."""
    return guest(entry, extra=f'(func (export "{name}") {body})')

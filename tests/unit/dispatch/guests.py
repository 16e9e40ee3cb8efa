"""Small guests for tests of dispatch, as WebAssembly text."""

import struct

import wasmtime

_IMPORTS = """
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_response_len (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
  (import "wapc" "__host_error" (func $host_error (param i32)))
  (memory (export "memory") 64)
"""

ECHO = bytes(
    wasmtime.wat2wasm(f"""(module {_IMPORTS}
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $request (i32.const 16) (i32.const 1024))
    (call $response (i32.const 1024) (local.get 1))
    (i32.const 1)))""")
)

SAYS_NO = bytes(
    wasmtime.wat2wasm(f"""(module {_IMPORTS}
  (data (i32.const 0) "out of coffee")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $error (i32.const 0) (i32.const 13)) (i32.const 0)))""")
)

TRAPS = bytes(
    wasmtime.wat2wasm(f"""(module {_IMPORTS}
  (func (export "__guest_call") (param i32 i32) (result i32) unreachable))""")
)

SPINS = bytes(
    wasmtime.wat2wasm(f"""(module {_IMPORTS}
  (func (export "__guest_call") (param i32 i32) (result i32) (loop $l (br $l)) (i32.const 1)))""")
)

# Payload: four u32 lengths and the four parts of a host call. Answer: status, length of the error, error, response.
RELAY = bytes(
    wasmtime.wat2wasm(f"""(module {_IMPORTS}
  (func (export "__guest_call") (param $op i32) (param $n i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $e i32)
    (call $request (i32.const 16) (i32.const 1024))
    (local.set $a (i32.load (i32.const 1024)))
    (local.set $b (i32.load (i32.const 1028)))
    (local.set $c (i32.load (i32.const 1032)))
    (local.set $d (i32.load (i32.const 1036)))
    (i32.store (i32.const 2097152) (call $host_call
      (i32.const 1040) (local.get $a)
      (i32.add (i32.const 1040) (local.get $a)) (local.get $b)
      (i32.add (i32.const 1040) (i32.add (local.get $a) (local.get $b))) (local.get $c)
      (i32.add (i32.const 1040) (i32.add (local.get $a) (i32.add (local.get $b) (local.get $c)))) (local.get $d)))
    (local.set $e (call $host_error_len))
    (i32.store (i32.const 2097156) (local.get $e))
    (call $host_error (i32.const 2097160))
    (call $host_response (i32.add (i32.const 2097160) (local.get $e)))
    (call $response (i32.const 2097152) (i32.add (i32.const 8) (i32.add (local.get $e) (call $host_response_len))))
    (i32.const 1)))""")
)


def host_call(binding: str, namespace: str, operation: str, payload: bytes = b"") -> bytes:
    """The payload that makes RELAY do this host call."""
    parts = (binding.encode(), namespace.encode(), operation.encode(), payload)
    return struct.pack("<4I", *map(len, parts)) + b"".join(parts)


def outcome(answer: bytes) -> tuple[bool, str, bytes]:
    """What RELAY's host call gave: flag, error text, payload."""
    flag, length = struct.unpack_from("<2I", answer)
    return bool(flag), answer[8 : 8 + length].decode(), answer[8 + length :]

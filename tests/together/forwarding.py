"""Guests that only pass on: their body is a host call's request, their answer what came back. Made without compilers."""

from wasmtime import wat2wasm


def forwarding(binding: str, capability: str, operation: str) -> bytes:
    """A module that makes this host call with the body it is given; where the call fails, the guest fails with its text."""
    at, names = 0, []
    for name in (binding, capability, operation):
        names.append(f"(i32.const {at}) (i32.const {len(name)})")
        at += len(name)
    text = f"""(module
 (import "wapc" "__guest_request" (func $request (param i32 i32)))
 (import "wapc" "__guest_response" (func $answer (param i32 i32)))
 (import "wapc" "__guest_error" (func $fail (param i32 i32)))
 (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
 (import "wapc" "__host_response_len" (func $reply_len (result i32)))
 (import "wapc" "__host_response" (func $reply (param i32)))
 (import "wapc" "__host_error_len" (func $error_len (result i32)))
 (import "wapc" "__host_error" (func $error (param i32)))
 (memory (export "memory") 40) (data (i32.const 0) "{binding}{capability}{operation}")
 (func (export "__guest_call") (param $operation i32) (param $payload i32) (result i32)
  (call $request (i32.const 100) (i32.const 1000))
  (if (result i32) (call $call {" ".join(names)} (i32.const 1000) (local.get $payload))
   (then
    (call $reply (i32.const 500000))
    (call $answer (i32.const 500000) (call $reply_len))
    (i32.const 1))
   (else
    (call $error (i32.const 500000))
    (call $fail (i32.const 500000) (call $error_len))
    (i32.const 0)))))"""
    return bytes(wat2wasm(text))

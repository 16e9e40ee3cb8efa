"""Real guests on the real engine make the calls."""

import asyncio
from typing import Any

import pytest
import wasmtime
from aiohttp import web
from tarmac_httpclient.httpclient_pb2 import HTTPClient, HTTPClientResponse

from tarmac_core.plugin import InvocationError
from tarmac_core.testing import running_guests

# Sends its payload to httpclient/call and answers what comes back: the reply, or the text of the error as its own.
FORWARDING = bytes(
    wasmtime.wat2wasm("""
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $answer (param i32 i32)))
  (import "wapc" "__guest_error" (func $fail (param i32 i32)))
  (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $reply_len (result i32)))
  (import "wapc" "__host_response" (func $reply (param i32)))
  (import "wapc" "__host_error_len" (func $error_len (result i32)))
  (import "wapc" "__host_error" (func $error (param i32)))
  (memory (export "memory") 4)
  (data (i32.const 0) "tarmachttpclientcall")
  (func (export "__guest_call") (param $operation i32) (param $payload i32) (result i32)
    (call $request (i32.const 100) (i32.const 1000))
    (if (result i32) (call $call (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 10) (i32.const 16) (i32.const 4)
                       (i32.const 1000) (local.get $payload))
      (then
        (call $reply (i32.const 100000))
        (call $answer (i32.const 100000) (call $reply_len))
        (i32.const 1))
      (else
        (call $error (i32.const 100000))
        (call $fail (i32.const 100000) (call $error_len))
        (i32.const 0)))))
""")
)


def asked(url: str) -> bytes:
    return HTTPClient(url=url.encode()).SerializeToString()


async def test_many_guests_wait_for_slow_answers_at_the_same_time(server: Any, guest: Any) -> None:
    async def slow(_: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.2)
        return web.Response(text="late")

    server.handlers["/"] = slow
    loop = asyncio.get_running_loop()
    async with running_guests({"f": FORWARDING}, capabilities=[guest.capability]) as guests:
        begun_s = loop.time()
        answers = await asyncio.gather(*(guests.call("f", asked(server.url())) for _ in range(10)))
        assert loop.time() - begun_s < 1.5
    assert {HTTPClientResponse.FromString(answer).body for answer in answers} == {b"late"}


async def test_grants_of_the_manifest_hold(server: Any, guest: Any) -> None:
    grants: dict[str, Any] = {
        "open": {"httpclient": {"hosts": ["127.0.0.1"], "private": True}},
        "closed": {"httpclient": {"hosts": ["127.0.0.1"]}},
        "all": {"httpclient": True},
        "none": {},
    }
    modules = dict.fromkeys(grants, FORWARDING)
    async with running_guests(modules, capabilities=[guest.capability], grants=grants) as guests:
        for name in ("open", "all"):
            assert HTTPClientResponse.FromString(await guests.call(name, asked(server.url()))).body == b"hello"
        for name, text in (("closed", "private address"), ("none", "do not name httpclient")):
            with pytest.raises(InvocationError, match=text):
                await guests.call(name, asked(server.url()))
    assert len(server.seen) == 2


async def test_a_function_that_runs_out_of_time_leaves_no_connection(guest: Any) -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        while await reader.read():
            pass
        gone.set()
        writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    async with listener, running_guests({"f": FORWARDING}, capabilities=[guest.capability]) as guests:
        with pytest.raises(InvocationError):
            await guests.call("f", asked(url), timeout_s=0.2)
        await asyncio.wait_for(gone.wait(), 2)

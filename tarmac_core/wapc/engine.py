"""The engine of one process: loads guests, tests itself, and ends everything in order."""

from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import wasmtime

from tarmac_core.wapc._fiber import Fiber
from tarmac_core.wapc.errors import EngineError, GuestError
from tarmac_core.wapc.guest import Guest
from tarmac_core.wapc.host import Host
from tarmac_core.wapc.instance import Instance
from tarmac_core.wapc.program import load
from tarmac_core.wapc.run import Run
from tarmac_core.wapc.settings import EngineSettings, GuestLimits, Log
from tarmac_core.wapc.steps import Step

_PROBE = """(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $length (result i32)))
  (import "wapc" "__host_response" (func $read (param i32)))
  (memory (export "memory") 1)
  (func (export "__guest_call") (param $op i32) (param $n i32) (result i32)
    (call $request (i32.const 0) (i32.const 64))
    (drop (call $host_call (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 2) (i32.const 1)
      (i32.const 64) (local.get $n)))
    (call $read (i32.const 128))
    (call $response (i32.const 128) (call $length))
    (i32.const 1)))"""


class Engine:
    """Owns wasmtime's engine, the ticker, the workers and the cache of compiled modules. A context manager.

    notices: what was found at the start that its owner should know, one line each. Raises EngineError.
    """

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.settings = settings or EngineSettings()
        try:
            self._host = Host(self.settings)
        except wasmtime.WasmtimeError as error:
            raise EngineError(f"wasmtime cannot start here: {error}") from error

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(self._host.notices)

    def self_test(self) -> None:
        """One call with one host call through the shim, on the caller's thread. Raises EngineError with what differs."""
        asked: list[tuple[bytes, ...]] = []

        def host_call(*names: bytes) -> bytes:
            asked.append(names)
            return names[3][::-1]

        async def probe() -> None:
            program = load(self._host, "self-test", self._host.wasm(_PROBE), GuestLimits(), None)
            instance = Instance(program, _Inline())
            try:
                await instance.start(host_call)
                answer = await Run(instance, host_call, None).to_end(instance.call(b"abc", b"tarmac"))
                if answer != b"camrat" or asked != [(b"a", b"b", b"c", b"tarmac")]:
                    raise EngineError(f"the self-test gave {answer!r} after the host calls {asked}")
            finally:
                instance.close()

        try:
            _run_here(probe())
        except GuestError as error:
            raise EngineError(f"the self-test failed, another wasmtime than 50 may be installed: {error}") from error

    def load(self, name: str, wasm: bytes, limits: GuestLimits, *, log: Log | None = None) -> Guest:
        """A guest from a module's bytes: compiled, or taken from the cache, and its imports and exports checked.

        name: for messages. log: gets the lines that it writes. Makes no instance. Blocks while it compiles: call it on any
        thread. Raises GuestLoadError.
        """
        return Guest(load(self._host, name, wasm, limits, log))

    def close(self) -> None:
        """End what still runs, join the threads. Close the guests first. Again is nothing."""
        self._host.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Inline:
    """In place of the workers: polls on the caller's thread."""

    async def run(self, fiber: Fiber) -> Step:
        return fiber.spin()


def _run_here(work: Coroutine[Any, Any, None]) -> None:
    """Run what gives way but never waits, without an event loop."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        return

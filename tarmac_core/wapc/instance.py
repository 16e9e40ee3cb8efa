"""One instance of a guest: a store with trampoline, guest and shim in it, linked in that order, and its start functions."""

import os
import time
from ctypes import addressof

from tarmac_core.wapc import _fiber, failure, steps
from tarmac_core.wapc._abi import EXTERN_FUNC, EXTERN_MEMORY, Api, Extern, InstanceHandle
from tarmac_core.wapc.binary import START
from tarmac_core.wapc.errors import GuestError
from tarmac_core.wapc.output import Output
from tarmac_core.wapc.program import Program
from tarmac_core.wapc.run import Run, Spinner
from tarmac_core.wapc.settings import HostCall

_TABLE_ELEMENTS, _INSTANCES, _TABLES, _MEMORIES = 100_000, 3, 16, 2


class Instance:
    """Owns, through its fiber, a store and the future in it. Used by one call at a time, on the event loop.

    call, reply: of the fiber. spinner: who polls while it computes. born_ns: the zero of its monotonic clock. Raises
    GuestError when there may be no further instance.
    """

    __slots__ = (
        "__weakref__",
        "_context",
        "_keep",
        "_memory",
        "born_ns",
        "call",
        "fiber",
        "output",
        "program",
        "reply",
        "spinner",
    )

    def __init__(self, program: Program, spinner: Spinner | None = None) -> None:
        host, limits = program.host, program.limits
        host.live.require_room()
        api = host.api
        store = api.store_new(host.pointer, None, None)
        self._context: int = api.store_context(store)
        self._keep: list[object] = [program]  # held by the fiber: what wasmtime borrows outlives the store
        self.fiber = _fiber.Fiber(
            host.runtime,
            store,
            self._context,
            addressof(program.busy),
            host.settings.max_request_bytes,
            (limits.cpu_ms or 0) * 1_000_000,
            self._keep,
        )
        self.call, self.reply = self.fiber.call, self.fiber.reply
        self.program = program
        self.spinner = host.workers if spinner is None else spinner
        self.output = Output(program.log)
        self._memory: Extern | None = None
        host.live.add(self)
        most_bytes = max(
            limits.memory_bytes, host.io_pages * 65536
        )  # one value for all; the guest's own is in its module
        api.store_limiter(store, most_bytes, _TABLE_ELEMENTS, _INSTANCES, _TABLES, _MEMORIES)
        api.check(api.context_set_wasi(self._context, api.wasi_config_new()), "WASI")
        self.born_ns = time.monotonic_ns()
        # before anything runs, or the first instruction is interrupted
        api.context_epoch_deadline_async_yield_and_update(self._context, 1)
        api.context_set_epoch_deadline(self._context, 2)

    async def start(self, host_call: HostCall, deadline_s: float | None = None) -> None:
        """Link everything and run the start functions. Closed when it raises: GuestError, or what `host_call` raises."""
        run = Run(self, host_call, deadline_s)
        try:
            guest = await self._link(run)
            for name in self.program.shape.starts:
                await self._start_function(run, name, self._function(guest, name))
            self.fiber.set_function(self._function(guest, b"__guest_call"))
            self.output.flush()
        except BaseException:
            self.close()
            raise

    async def _link(self, run: Run) -> InstanceHandle:
        """Trampoline, guest, shim; nothing of the guest's runs before the shim is there."""
        api, host, context = self.program.host.api, self.program.host, self._context
        trampoline, guest, shim = InstanceHandle(), InstanceHandle(), InstanceHandle()
        slots = self.fiber.trap_at, self.fiber.error_at
        await self._adopt(
            run, api.instance_pre_instantiate_async(host.trampoline_at, context, addressof(trampoline), *slots)
        )
        io, table = self._export(trampoline, b"io"), self._export(trampoline, b"table")
        self._set_io(io)
        linker = self._linker()
        for module, name, export in self.program.shape.wanted:  # not all of the trampoline: `io` is not the guest's
            host.define(linker.at, context, module, name, self._export(trampoline, export))
        future = api.linker_instantiate_async(linker.at, context, self.program.module_at, addressof(guest), *slots)
        await self._adopt(run, future)
        self._keep.remove(linker)
        self._memory = memory = self._export(guest, b"memory", EXTERN_MEMORY)
        self._keep.append(memory)
        linker = self._linker()
        host.define_function(linker.at, b"host", b"call", host.void, self.fiber.self_at)
        for module, name, item in ((b"t", b"io", io), (b"t", b"table", table), (b"guest", b"memory", memory)):
            host.define(linker.at, context, module, name, item)
        future = api.linker_instantiate_async(linker.at, context, host.shim_at, addressof(shim), *slots)
        await self._adopt(run, future)
        self._keep.remove(linker)
        return guest

    def _set_io(self, io: Extern) -> None:
        settings = self.program.host.settings
        self._keep.append(io)
        memory_at = addressof(io.of.memory)
        self.fiber.set_io(
            self.program.host.api.memory_data(self._context, memory_at),
            memory_at,
            steps.IO_START_BYTES,
            settings.max_response_bytes,
            settings.max_host_call_bytes,
            int.from_bytes(os.urandom(8), "little"),
        )

    async def _start_function(self, run: Run, name: bytes, function_at: int) -> None:
        try:
            step = await run.to_end(self.fiber.run(function_at, name))
            if isinstance(step, bytes):
                return
            raise self.failure(step, name)
        except GuestError as error:
            if error.exit_code == 0:
                return
            if error.kind in ("cpu", "closed", "timeout"):
                raise
            title = "the start section" if name == START else f"`{name.decode()}`"
            raise GuestError("init", f"{title} failed: {error.message}", error.detail) from error

    async def _adopt(self, run: Run, future: int) -> None:
        step = await run.to_end(self.fiber.adopt(future))
        if not isinstance(step, bytes):
            error = self.failure(step, b"")
            raise GuestError("init", f"no instance can be made: {error.message}", error.detail)

    def failure(self, step: int, operation: bytes) -> GuestError:
        """Why a step was negative. The instance must be closed unless the kind is `guest`."""
        program = self.program
        if step != _fiber.FAILED:
            return failure.plain(step, self.fiber, operation, program.limits)
        error = failure.failed(program.host.api, self.fiber, program.host.settings)
        return failure.out_of_memory(error, self.memory_bytes(), program.limits)

    def memory_bytes(self) -> int:
        """Linear memory that it has now; 0 once it is closed. Not while a call runs on another thread."""
        if self._memory is None or self.fiber.closed:
            return 0
        return int(self.program.host.api.memory_data_size(self._context, addressof(self._memory.of.memory)))

    def _export(self, instance: InstanceHandle, name: bytes, kind: int | None = None) -> Extern:
        """A copy of an export; the caller names it, for the address of a temporary dangles."""
        item = Extern()
        found = self.program.host.api.instance_export_get(
            self._context, addressof(instance), name, len(name), addressof(item)
        )
        if not found or (kind is not None and item.kind != kind):
            raise GuestError("init", f"the function exports no `{name.decode()}` of the right kind")
        return item

    def _function(self, guest: InstanceHandle, name: bytes) -> int:
        item = self._export(guest, name, EXTERN_FUNC)
        self._keep.append(item)
        return addressof(item.of.func)

    def _linker(self) -> "_Linker":
        """A linker with WASI, for what belongs to this store. The fiber holds it: a future borrows it until it ends."""
        linker = _Linker(self.program.host.api, self.program.host.linker_at)
        self._keep.append(linker)
        return linker

    def close(self) -> None:
        """Drop future and store: at once, or by the worker that polls, at its next tick. Again is nothing."""
        self.program.host.live.discard(self)
        self.fiber.close()


class _Linker:
    """Owns a `wasmtime_linker_t`."""

    __slots__ = ("_api", "at")

    def __init__(self, api: Api, base_at: int) -> None:
        self._api = api
        self.at: int = api.linker_clone(base_at)

    def __del__(self) -> None:
        self._api.linker_delete(self.at)

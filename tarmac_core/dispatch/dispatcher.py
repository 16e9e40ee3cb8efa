"""The one door to functions: for HTTP, triggers, other functions and the command line."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from tarmac_core.dispatch.call import Function, FunctionCall, Surroundings
from tarmac_core.dispatch.context import CallContext
from tarmac_core.dispatch.failures import PREFIX, invocation_error
from tarmac_core.dispatch.observers import Observers
from tarmac_core.dispatch.table import Capability, Table
from tarmac_core.plugin import Call, CallFinished, InvocationError, InvocationErrorKind, Log, PoolChanged
from tarmac_core.wapc import GuestError

HANDLER = b"handler"
MAX_DEPTH = 16
MAX_REQUEST_BYTES = 64 * 1024 * 1024


class Dispatcher:
    """Calls functions by name. Made before anything is opened; `serve` gives it its capabilities and functions, once."""

    def __init__(self, *, log: Log, observers: Observers, clock: Callable[[], float]) -> None:
        self._observers = observers
        self._log = log
        self._clock = clock
        self.max_depth_count = MAX_DEPTH
        self.max_request_bytes = MAX_REQUEST_BYTES
        self._functions: Mapping[str, Function] = {}
        self._surroundings = Surroundings(Table(()), observers, log)
        self._is_stopping = False

    def offer(self, capabilities: Iterable[Capability]) -> None:
        """Take the opened capabilities, before functions are loaded."""
        self._surroundings = Surroundings(Table(capabilities), self._observers, self._log)

    def serve(self, functions: Iterable[Function]) -> None:
        """Take the loaded functions; calls work from here on."""
        self._functions = {function.name: function for function in functions}

    def stop(self) -> None:
        """Refuse further calls; those that run go on."""
        self._is_stopping = True

    @property
    def functions(self) -> Mapping[str, Function]:
        """The loaded functions by name."""
        return self._functions

    def deadline_s(self, timeout_s: float | None) -> float | None:
        """The moment, on the event loop's clock, that is `timeout_s` away; None for none."""
        return None if timeout_s is None else self._clock() + timeout_s

    def call_of_start(self, function: Function) -> FunctionCall:
        """A call that stands for nobody: host calls of instances that are made before the first request use it."""
        return FunctionCall(function, CallContext("start"), self._surroundings, None, 0)

    async def invoke(self, function: str, payload: bytes, *, context: CallContext) -> bytes:
        """Return the function's answer to `payload`.

        Raises `InvocationError`; its message is fit for a client, details are in the log. Cancelling ends the guest.
        """
        target = self._functions.get(function)
        if target is None or self._is_stopping:
            raise self._unavailable()
        if len(payload) > self.max_request_bytes:
            raise self._refused(
                target, context, "too_large", f"the request is larger than {self.max_request_bytes} bytes"
            )
        deadline_s = context.deadline_s
        timeout_s = target.http_timeout_s if context.origin == "http" else target.timeout_s
        if timeout_s is not None:
            own_s = self._clock() + timeout_s
            deadline_s = own_s if deadline_s is None or own_s < deadline_s else deadline_s
        depth = 0
        if context.parent is not None:
            depth, deadline_s = self._inherit(target, context, context.parent, deadline_s)
        call = FunctionCall(target, context, self._surroundings, deadline_s, depth)
        observers = self._observers
        if observers.hears_calls or observers.hears_pools:
            return await self._invoke_observed(target, payload, call)
        answer = call.answer_observed if observers.hears_host_calls else call.answer
        try:
            return await target.guest.call(HANDLER, payload, answer, deadline_s=deadline_s)
        except GuestError as error:
            raise invocation_error(error, call) from None

    async def call(
        self, function: str, payload: bytes, *, origin: str, parent: Call | None = None, timeout_s: float | None = None
    ) -> bytes:
        """Be the `Invoke` of plugins. A nested call runs in a task of its own, so that chains do not deepen one stack."""
        context = CallContext(origin, "", self.deadline_s(timeout_s), parent)
        called = self.invoke(function, payload, context=context)
        if parent is None:
            return await called
        return await asyncio.create_task(called)

    def _unavailable(self) -> InvocationError:
        if self._is_stopping:
            return InvocationError("stopping", "the server is stopping")
        return InvocationError("not_found", "unable to load wasi environment - module not found")

    def _refused(
        self, target: Function, context: CallContext, kind: InvocationErrorKind, message: str
    ) -> InvocationError:
        """A call that is not made; observers hear of it as of any other."""
        if self._observers.hears_calls:
            call = FunctionCall(target, context, self._surroundings, None, 0)
            event = CallFinished(target.name, target.service, context.origin, kind, 0.0, call.request_id)
            self._observers.emit(event)
        return InvocationError(kind, message)

    def _inherit(
        self, target: Function, context: CallContext, parent: Call, deadline_s: float | None
    ) -> tuple[int, float | None]:
        depth = getattr(parent, "depth", 0) + 1
        if depth > self.max_depth_count:
            message = f"{PREFIX}calls are nested deeper than {self.max_depth_count}"
            raise self._refused(target, context, "depth", message)
        if _waits_for_itself(target, parent):
            # Every instance is held by a caller in this very chain: without this it would wait until the deadline.
            message = f"{PREFIX}{target.name} calls itself more often than its pool_size allows"
            raise self._refused(target, context, "depth", message)
        if parent.deadline_s is None:
            return depth, deadline_s
        return depth, parent.deadline_s if deadline_s is None else min(deadline_s, parent.deadline_s)

    async def _invoke_observed(self, target: Function, payload: bytes, call: FunctionCall) -> bytes:
        observers = self._observers
        answer = call.answer_observed if observers.hears_host_calls else call.answer
        if observers.hears_pools:  # once this call has an instance, or waits for one
            asyncio.get_running_loop().call_soon(self._tell_of_pool, target)
        began_s = monotonic()
        outcome = "cancelled"
        try:
            reply = await target.guest.call(HANDLER, payload, answer, deadline_s=call.deadline_s)
            outcome = "ok"
        except GuestError as error:
            failure = invocation_error(error, call)
            outcome = failure.kind
            raise failure from None
        else:
            return reply
        finally:
            took_ms = (monotonic() - began_s) * 1000
            if observers.hears_calls:
                name, service, origin = target.name, target.service, call.context.origin
                observers.emit(CallFinished(name, service, origin, outcome, took_ms, call.request_id))
            if observers.hears_pools:
                self._tell_of_pool(target)

    def _tell_of_pool(self, target: Function) -> None:
        now = target.guest.counts()
        if now != target.pool_told:
            target.pool_told = now
            stats = target.guest.stats()
            self._observers.emit(
                PoolChanged(target.name, stats.instances, stats.idle, stats.waiting, stats.made, stats.memory_bytes)
            )


def _waits_for_itself(target: Function, parent: Call | None) -> bool:
    held = 0
    while isinstance(parent, FunctionCall):
        held += parent.target is target
        parent = parent.context.parent
    return held >= target.pool_size

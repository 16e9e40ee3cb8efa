"""One call of a function, and the host calls that its guest makes."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from secrets import token_hex
from time import monotonic
from typing import Any, TypeAlias

from tarmac_core.dispatch.context import CallContext, HttpExchange
from tarmac_core.dispatch.log import FieldLog, with_fields
from tarmac_core.dispatch.observers import Observers
from tarmac_core.dispatch.table import NOT_FOUND, Bound, Grants, Refused, Table
from tarmac_core.dispatch.watch import BLOCKING_S, watched
from tarmac_core.plugin import Encode, GrantModel, HostCallError, HostCallFinished, Log
from tarmac_core.wapc import Guest, HostReply

INTERNAL_ERROR = "internal error"
MISSED_COUNT = 16
LONGEST_NAME_BYTES = 64
Answer: TypeAlias = HostReply | bytes | Awaitable[HostReply | bytes]


@dataclass(slots=True)
class Function:
    """A loaded function. `timeout_s` ends each of its calls, `http_timeout_s` those that come over HTTP.

    `pool_size` is its guest's: so many calls of it in one chain would wait for themselves.
    `bound` remembers what the names of its host calls mean; only names that exist get in, so a guest cannot fill it.
    `missed` are the first few names that mean nothing; each is warned about once.
    """

    name: str
    service: str
    guest: Guest
    grants: Grants | None = None
    timeout_s: float | None = None
    http_timeout_s: float | None = None
    pool_size: int = 100
    bound: dict[tuple[bytes, bytes, bytes], Bound] = field(default_factory=dict)
    missed: set[tuple[bytes, bytes, bytes]] = field(default_factory=set)
    pool_told: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of one dispatcher share."""

    table: Table
    observers: Observers
    log: Log


class FunctionCall:
    """The `Call` that handlers get, and the door through which the guest's host calls come.

    One object a call: a guest has one host call under way at most, so `store` and `grant` are set anew for each.
    """

    __slots__ = (
        "_bound",
        "_code",
        "_refused",
        "_surroundings",
        "context",
        "deadline_s",
        "depth",
        "grant",
        "store",
        "target",
    )

    store: str
    grant: GrantModel | None

    def __init__(
        self, target: Function, context: CallContext, surroundings: Surroundings, deadline_s: float | None, depth: int
    ) -> None:
        self.target = target
        self.context = context
        self.deadline_s = deadline_s
        self.depth = depth
        self._surroundings = surroundings
        self._bound = target.bound

    @property
    def function(self) -> str:
        """The calling function's name."""
        return self.target.name

    @property
    def service(self) -> str:
        """The service it belongs to."""
        return self.target.service

    @property
    def exchange(self) -> HttpExchange | None:
        """The HTTP request that this call answers itself."""
        return self.context.exchange

    @property
    def request_id(self) -> str:
        """The id of the request that caused the call; made up at first use when nobody gave one."""
        context = self.context
        if not context.request_id:
            context.request_id = context.parent.request_id if context.parent is not None else token_hex(12)
        return context.request_id

    @property
    def log(self) -> FieldLog:
        """A log with function, service and request id."""
        fields = {"function": self.function, "service": self.service, "request_id": self.request_id}
        return with_fields(self._surroundings.log, fields)

    def answer(self, binding: bytes, namespace: bytes, operation: bytes, payload: bytes) -> Answer:
        """Answer one host call: at once where the handler does, else with an awaitable."""
        bound = self._bound.get((binding, namespace, operation))
        if bound is None:
            found = self._find(binding, namespace, operation)
            if isinstance(found, Refused):
                return self._refuse(found, payload)
            bound = found
        self.store = bound.store
        self.grant = bound.grant
        encode: Encode[Any] | None = None
        began_s = monotonic()
        try:
            request, encode = bound.decode(payload)
            reply = bound.handler(self, request)
            if hasattr(reply, "__await__"):
                return self._wait(bound, encode, reply)
            encoded = encode(reply)
            return encoded if type(encoded) is bytes else _as_bytes(encoded)
        except Exception as error:  # noqa: BLE001 - a plugin's fault is this host call's failure, never the guest's trap
            return self._fail(bound, encode, error)
        finally:
            took_s = monotonic() - began_s
            if took_s > BLOCKING_S:
                self._warn(bound, took_s)

    def answer_observed(self, binding: bytes, namespace: bytes, operation: bytes, payload: bytes) -> Answer:
        """Do what `answer` does and tell the observers."""
        self._code = 200
        self._refused = ""
        began_s = monotonic()
        answer = self.answer(binding, namespace, operation, payload)
        key = (binding, namespace, operation)
        if not isinstance(answer, HostReply | bytes):
            return self._wait_observed(key, began_s, answer)
        self._tell(key, began_s)
        return answer

    def _find(self, binding: bytes, namespace: bytes, operation: bytes) -> Bound | Refused:
        target = self.target
        found = self._surroundings.table.bind(target.name, target.grants, binding, namespace, operation)
        key = (binding, namespace, operation)
        if isinstance(found, Bound):
            self._bound[key] = found
        elif found is NOT_FOUND and key not in target.missed and len(target.missed) < MISSED_COUNT:
            target.missed.add(key)
            names = dict(zip(("binding", "capability", "operation"), map(_name, key), strict=True))
            self.log.warning("Callback not found: is its capability installed and enabled?", extra=names)
        return found

    async def _wait(self, bound: Bound, encode: Encode[Any], reply: Awaitable[Any]) -> HostReply | bytes:
        task = asyncio.current_task()
        try:
            return _as_bytes(encode(await watched(reply, lambda took_s: self._warn(bound, took_s))))
        except asyncio.CancelledError as error:
            if task is None or task.cancelling():
                raise
            return self._fail(bound, encode, error)
        except Exception as error:  # noqa: BLE001 - as in `answer`
            return self._fail(bound, encode, error)

    async def _wait_observed(
        self, key: tuple[bytes, bytes, bytes], began_s: float, answer: Awaitable[HostReply | bytes]
    ) -> HostReply | bytes:
        try:
            return await answer
        except BaseException:
            self._code = 500  # cancelled: by the deadline, or by a client that left
            raise
        finally:
            self._tell(key, began_s)

    def _refuse(self, refused: Refused, payload: bytes) -> HostReply:
        """The answer to a host call that is not made; encoded by its operation, so that the guest reads a Status."""
        self._code = refused.code
        self._refused = refused.capability
        error = HostCallError(refused.code, refused.message)
        try:
            encoded = refused.operation.decode(payload)[1](error) if refused.operation else b""
        except Exception:  # noqa: BLE001 - the payload was not readable either; the refusal is what counts
            encoded = b""
        return HostReply(False, encoded, refused.message)

    def _fail(self, bound: Bound, encode: Encode[Any] | None, error: BaseException) -> HostReply:
        if not isinstance(error, HostCallError):
            where = {"plugin": bound.plugin, "capability": bound.capability, "operation": bound.operation}
            self.log.error("Host call failed inside its plugin", exc_info=error, extra=where)
            error = HostCallError(500, INTERNAL_ERROR)
        self._code = error.code
        payload = error.payload
        if not payload and encode is not None:
            try:
                payload = _as_bytes(encode(error))
            except Exception:
                # The text is left, and goes to the guest without a Status.
                self.log.exception("Host call's error cannot be encoded", extra={"plugin": bound.plugin})
        return HostReply(False, payload, _readable(error.message))

    def _warn(self, bound: Bound, took_s: float) -> None:
        operation = f"{bound.capability}/{bound.operation}"
        fields = {"plugin": bound.plugin, "operation": operation, "duration_ms": round(took_s * 1000)}
        self.log.warning("Handler blocked the event loop", extra=fields)

    def _tell(self, key: tuple[bytes, bytes, bytes], began_s: float) -> None:
        took_ms = (monotonic() - began_s) * 1000
        bound = self._bound.get(key)
        binding, _, operation = (part.decode("utf-8", "replace") for part in key)
        capability = bound.capability if bound else self._refused
        plugin = ""
        if bound:  # guests may write it in any case, and sinks make series of it
            operation, plugin = bound.operation, bound.plugin
        self._surroundings.observers.emit(
            HostCallFinished(self.function, binding, capability, operation, self._code, took_ms, plugin)
        )


def _name(text: bytes) -> str:
    return text[:LONGEST_NAME_BYTES].decode("utf-8", "replace")


def _as_bytes(encoded: object) -> bytes:
    if not isinstance(encoded, bytes | bytearray | memoryview):
        raise TypeError(f"the encoder gave {type(encoded).__name__}, not bytes")
    return bytes(encoded)


def _readable(text: str) -> str:
    """Lone surrogates, which a plugin may have made of a guest's bytes, cannot be handed to a guest."""
    return text.encode("utf-8", "replace").decode()

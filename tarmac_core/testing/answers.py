"""Calls an operation with bytes, as a guest would, through the same steps that core takes."""

import inspect
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tarmac_core.plugin import CapabilitySpec, GrantModel, HostCallError, Log, Operation, Operations


@dataclass(frozen=True, slots=True)
class GuestCall:
    """The call that handlers are given; a plain object with the fields of the contract's `Call`."""

    log: Log
    function: str = "test"
    service: str = "test"
    request_id: str = "test"
    deadline_s: float | None = None
    store: str = "default"
    grant: GrantModel | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the guest reads: `payload` behind `__host_response`, `error` behind `__host_error`; `code` 0 where all is well.

    `cause` is the exception that the guest is not told about; it reads `internal error` instead.
    """

    payload: bytes
    error: str = ""
    code: int = 0
    cause: Exception | None = None

    @property
    def is_ok(self) -> bool:
        """Whether the host call succeeded."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Capability:
    """An opened capability; `stores` are the names of those it works on."""

    spec: CapabilitySpec
    operations: Operations
    log: Log
    stores: frozenset[str] = frozenset()

    async def call(self, operation: str, payload: bytes, **call: Any) -> Answer:
        """Make one host call. `call` are fields of `GuestCall`, `grant` as a mapping for the capability's grant model."""
        found = self._operation(operation)
        if isinstance(call.get("grant"), Mapping):
            model = self.spec.grant_model or GrantModel
            call["grant"] = model.model_validate(call["grant"])
        return await _answer(found, payload, GuestCall(self.log, **({"request_id": uuid.uuid4().hex} | call)))

    def _operation(self, name: str) -> Operation[Any, Any]:
        names = {known.lower() if self.spec.ignores_case else known: known for known in self.operations}
        wanted = name.lower() if self.spec.ignores_case else name
        if wanted not in names:
            raise KeyError(f"{self.spec.name} has no operation {name!r}, only {', '.join(sorted(self.operations))}")
        return self.operations[names[wanted]]


async def _answer(operation: Operation[Any, Any], payload: bytes, call: GuestCall) -> Answer:
    try:
        request, encode = operation.decode(payload)
    except HostCallError as error:
        return Answer(error.payload, error.message, error.code)
    try:
        reply = operation.handler(call, request)
        if inspect.isawaitable(reply):
            reply = await reply
    except HostCallError as error:
        return Answer(error.payload or encode(error), error.message, error.code)
    except Exception as error:  # noqa: BLE001 - handed to the author of the plugin in the answer
        hidden = HostCallError(500, "internal error")
        return Answer(encode(hidden), hidden.message, hidden.code, error)
    return Answer(encode(reply))

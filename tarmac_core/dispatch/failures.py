"""What a client reads when a guest gave no answer. Details go to the log, never to the client."""

from tarmac_core.dispatch.call import FunctionCall
from tarmac_core.plugin import InvocationError, InvocationErrorKind
from tarmac_core.wapc import GuestError

PREFIX = "failed to execute wasm module - "
_EXPECTED: dict[str, tuple[InvocationErrorKind, str]] = {
    "queue_full": ("busy", PREFIX + "the function's queue is full"),
    "timeout": ("timeout", PREFIX + "the time limit has passed"),
    "closed": ("stopping", "the server is stopping"),
}


def invocation_error(error: GuestError, call: FunctionCall) -> InvocationError:
    """Put a guest's end into the words of the contract, and log what only the operator may read."""
    if error.kind == "guest":
        call.log.debug("Function reported an error", extra={"error": str(error)})
        return InvocationError("guest", PREFIX + str(error))
    expected = _EXPECTED.get(error.kind)
    if expected is not None:
        call.log.debug("Function gave no answer", extra={"reason": error.kind})
        return InvocationError(*expected)
    call.log.error(
        "Function ended abnormally", extra={"reason": error.kind, "error": str(error), "detail": error.detail}
    )
    return InvocationError("abnormal", PREFIX + "the function ended abnormally")

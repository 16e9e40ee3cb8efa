"""From what wasmtime and the shim left behind to one GuestError."""

import re

from tarmac_core.wapc import _fiber, steps
from tarmac_core.wapc._abi import Api
from tarmac_core.wapc.errors import GuestError, one_line
from tarmac_core.wapc.output import decode
from tarmac_core.wapc.settings import EngineSettings, GuestLimits

_FAULTS = {
    steps.FAULT_ANSWER: ("answer or error text", "max_response_bytes"),
    steps.FAULT_HOST_CALL: ("host call's payload", "max_host_call_bytes"),
}


def too_large(operation: bytes, payload: bytes, settings: EngineSettings) -> GuestError:
    """The request is larger than its limit, or no memory is left for it."""
    if len(operation) > steps.LONGEST_NAMES_BYTES:
        return GuestError(
            "limit", f"operation of {len(operation)} bytes is longer than {steps.LONGEST_NAMES_BYTES} bytes"
        )
    size, most = len(payload), settings.max_request_bytes
    if size > most:
        return GuestError("limit", f"request of {size} bytes is larger than {most} bytes (max_request_bytes)")
    return GuestError("limit", f"request of {size} bytes finds no memory: the process may have no more (ulimit -v)")


def plain(step: int, fiber: _fiber.Fiber, operation: bytes, limits: GuestLimits) -> GuestError:
    """Why a call ended without a failure of wasmtime's."""
    if step == _fiber.GUEST_ERROR:
        return GuestError("guest", decode(fiber.error_text()))
    if step == _fiber.UNSUCCESSFUL:
        return GuestError("guest", f'call to "{one_line(decode(operation))}" was unsuccessful')
    if step == _fiber.CPU_LIMIT:
        return GuestError("cpu", f"CPU time limit of {limits.cpu_ms} ms reached (cpu_ms)")
    return GuestError("closed", "the function was closed")


def failed(api: Api, fiber: _fiber.Fiber, settings: EngineSettings) -> GuestError:
    """The trap, exit or error of a step that was `FAILED`; takes it from the fiber."""
    fault = fiber.fault
    trap, error = fiber.take_failure()
    trap_text = api.take_trap(trap) if trap else ""
    error_text, status = api.take_error(error) if error else ("", None)
    detail = (error_text or trap_text).strip()
    if fault == steps.FAULT_IO:
        return GuestError("limit", "the call's payloads, answers and host calls together are too large", detail)
    if fault == steps.FAULT_NAMES:
        return GuestError("limit", f"names of a host call are longer than {steps.LONGEST_NAMES_BYTES} bytes", detail)
    if fault:
        what, setting = _FAULTS[fault]
        return GuestError("limit", f"{what} is larger than {getattr(settings, setting)} bytes ({setting})", detail)
    if status is not None:
        return GuestError("exit", f"the function ended itself with exit code {status}", exit_code=status)
    return GuestError("trap", _reason(detail), detail)


def _reason(text: str) -> str:
    """The last line of wasmtime's text says what happened; those before it, where."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = lines[-1] if lines else "unknown"
    return re.sub(r"^(\d+: )?(wasm trap: )?", "", reason)


def out_of_memory(error: GuestError, used_bytes: int, limits: GuestLimits) -> GuestError:
    """A guest that cannot get memory ends in a trap or an exit of its own making: say so where most of it is in use."""
    if error.kind not in ("trap", "exit") or error.exit_code == 0 or used_bytes * 2 < limits.memory_bytes:
        return error
    text = f"{error.message}, with {used_bytes} of {limits.memory_bytes} bytes of memory in use (memory_bytes)"
    return GuestError("memory", text, error.detail)

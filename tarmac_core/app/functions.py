"""From the manifest's functions to loaded guests: files read and compiled in threads, every fault reported together."""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tarmac_core.config import HTTP_TIMEOUT_MS, CoreSettings, FunctionSpec
from tarmac_core.dispatch import Function, with_fields
from tarmac_core.plugin import Log, Problem
from tarmac_core.wapc import Engine, EngineSettings, Guest, GuestLimits, GuestLoadError


def make_engine(core: CoreSettings, cwd: Path) -> Engine:
    """Make the engine that `core` describes; raises EngineError when the machine cannot run it."""
    settings = EngineSettings(
        cache_dir=cwd / core.cache_folder,
        max_request_bytes=core.max_request_bytes,
        max_response_bytes=core.max_response_bytes,
        max_host_call_bytes=core.max_host_call_bytes,
        **({"workers": core.wasm_threads} if core.wasm_threads else {}),
    )
    engine = Engine(settings)
    engine.self_test()
    return engine


def load_functions(engine: Engine, specs: Iterable[FunctionSpec], log: Log) -> tuple[list[Function], list[Problem]]:
    """Load every function, a few at a time in threads; functions of one file with one set of limits compile it once."""
    wanted = tuple(specs)
    with ThreadPoolExecutor(thread_name_prefix="tarmac load") as threads:
        outcomes = list(threads.map(lambda spec: _load(engine, spec, log), wanted))
    functions: list[Function] = []
    problems: list[Problem] = []
    for spec, outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            functions.append(_function(spec, outcome))
    return functions, problems


def _function(spec: FunctionSpec, guest: Guest) -> Function:
    timeout_s = spec.timeout_ms / 1000 if spec.timeout_ms else None
    return Function(
        name=spec.name,
        service=spec.service,
        guest=guest,
        grants=spec.grants,
        timeout_s=timeout_s,
        http_timeout_s=timeout_s or HTTP_TIMEOUT_MS / 1000,
        pool_size=spec.pool_size,
    )


def _load(engine: Engine, spec: FunctionSpec, log: Log) -> Guest | Problem:
    where = f"function {spec.name} ({spec.filepath})"
    try:
        wasm = spec.filepath.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Problem(where, f"its module cannot be read: {reason}", "build it, or correct filepath")
    limits = GuestLimits(
        pool_size=spec.pool_size,
        min_instances=spec.min_instances,
        queue_length=spec.queue_length,
        cpu_ms=spec.cpu_ms,
        memory_bytes=spec.memory_bytes,
        isolation=spec.isolation,
    )
    try:
        return engine.load(spec.name, wasm, limits, log=_guest_log(spec, log))
    except GuestLoadError as error:
        return Problem(where, str(error), "build it again as a waPC guest")


def _guest_log(spec: FunctionSpec, log: Log) -> Callable[[str, str], None]:
    lines = with_fields(log, {"function": spec.name, "service": spec.service})

    def write(stream: str, text: str) -> None:
        if lines.isEnabledFor(logging.INFO):
            lines.info("%s", text, extra={"stream": stream})

    return write

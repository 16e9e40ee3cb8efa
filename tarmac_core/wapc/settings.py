"""Settings of the engine and limits of one guest; what a host call may answer."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tarmac_core.wapc.errors import EngineError

MIB = 1 << 20
LARGEST_PAYLOAD_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Settings of one engine, the same for all its guests.

    cache_dir: folder for compiled modules, made when missing; None compiles at every start.
    tick_ms: a guest that computes longer than one to two ticks leaves the event loop's thread.
    workers: threads for guests that compute.
    max_request_bytes, max_response_bytes: a call's payload, and its answer or error text.
    max_host_call_bytes: a host call's payload, and its answer. Each at most 1 GiB; names have 64 KiB of their own.
    Raises EngineError for values that cannot be.
    """

    cache_dir: Path | None = None
    tick_ms: float = 2.0
    workers: int = field(default_factory=lambda: max(2, os.cpu_count() or 1))
    max_request_bytes: int = 64 * MIB
    max_response_bytes: int = 64 * MIB
    max_host_call_bytes: int = 64 * MIB

    def __post_init__(self) -> None:
        if not 0.1 <= self.tick_ms <= 1000:
            raise EngineError(f"tick_ms is {self.tick_ms}; it must be from 0.1 to 1000")
        if self.workers < 1:
            raise EngineError(f"workers is {self.workers}; at least one is needed")
        for name in ("max_request_bytes", "max_response_bytes", "max_host_call_bytes"):
            if not 0 < getattr(self, name) <= LARGEST_PAYLOAD_BYTES:
                raise EngineError(f"{name} is {getattr(self, name)}; it must be from 1 to {LARGEST_PAYLOAD_BYTES}")


@dataclass(frozen=True, slots=True)
class GuestLimits:
    """Limits of one guest.

    pool_size: most instances. min_instances: how many `Guest.warm` makes. queue_length: most calls that wait for one.
    cpu_ms: CPU time of one call; None is without limit. memory_bytes: the guest's linear memory, whole 64 KiB pages.
    isolation: "reused" keeps an instance for the next call, "fresh" uses it once. Raises EngineError for values that cannot be.
    """

    pool_size: int = 100
    min_instances: int = 0
    queue_length: int = 1000
    cpu_ms: int | None = None
    memory_bytes: int = 256 * MIB
    isolation: Literal["reused", "fresh"] = "reused"

    def __post_init__(self) -> None:
        least = {"pool_size": 1, "min_instances": 0, "queue_length": 0, "cpu_ms": 1, "memory_bytes": 65536}
        for name, value in least.items():
            if (given := getattr(self, name)) is not None and given < value:
                raise EngineError(f"{name} is {given}; it must be at least {value}")


@dataclass(frozen=True, slots=True)
class HostReply:
    """Answer to a host call. A guest can read both parts, whatever `ok` is.

    ok: what `__host_call` returns. payload: for `__host_response`. error: for `__host_error`.
    """

    ok: bool
    payload: bytes
    error: str = ""


Answer = HostReply | bytes
HostCall = Callable[[bytes, bytes, bytes, bytes], Answer | Awaitable[Answer]]
"""`(binding, namespace, operation, payload) -> answer`. Runs on the event loop; plain bytes are a good answer."""

Log = Callable[[str, str], None]
"""`(stream, line)`; stream is `console`, `stdout`, `stderr` or `trace`. Runs on the event loop."""


@dataclass(frozen=True, slots=True)
class GuestStats:
    """Counts of one guest: instances alive, idle among them, calls that wait for one, instances ever made.

    `memory_bytes` is the linear memory of the idle ones.
    """

    instances: int
    idle: int
    waiting: int
    made: int
    memory_bytes: int

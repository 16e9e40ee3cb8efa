"""A function of the manifest with its limits, as the rest of the server sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tarmac_core.plugin import GrantModel

MIB = 1024 * 1024
HTTP_TIMEOUT_MS = 60_000
POOL_SIZE = 100
MEMORY_BYTES = 256 * MIB
MIN_MEMORY_BYTES = 64 * 1024
MAX_MEMORY_BYTES = 4096 * MIB
MAX_PAYLOAD_BYTES = 1024 * MIB
MAX_TIME_MS = 10_000_000_000
QUEUE_LENGTH = 1000

Grants: TypeAlias = Mapping[str, GrantModel | Literal[True]]


def check_memory(memory_bytes: int) -> int:
    """Refuse less than one page of WebAssembly, but for 0, which means the default. Raises ValueError `what: remedy`."""
    if 0 < memory_bytes < MIN_MEMORY_BYTES:
        raise ValueError(f"is less than a page of memory: write at least {MIN_MEMORY_BYTES}, or 0 for the default")
    return memory_bytes


@dataclass(frozen=True, slots=True)
class FunctionDefaults:
    """Limits of a function that sets none. None: unset, that is `HTTP_TIMEOUT_MS` over HTTP and no limit elsewhere."""

    pool_size: int = POOL_SIZE
    timeout_ms: int | None = None
    cpu_ms: int | None = None
    memory_bytes: int = MEMORY_BYTES
    queue_length: int = QUEUE_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One function. `service` is the service's key in the manifest.

    `timeout_ms` None: 60000 over HTTP, no limit for init and schedules; `cpu_ms` None: no limit. `grants` None: whatever the
    configuration enables; otherwise only the capabilities named, `True` meaning all of one.
    """

    name: str
    service: str
    filepath: Path
    pool_size: int = POOL_SIZE
    min_instances: int = 0
    timeout_ms: int | None = None
    cpu_ms: int | None = None
    memory_bytes: int = MEMORY_BYTES
    queue_length: int = QUEUE_LENGTH
    isolation: Literal["reused", "fresh"] = "reused"
    grants: Grants | None = None

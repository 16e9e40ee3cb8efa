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
MAX_MEMORY_BYTES = 4096 * MIB
QUEUE_LENGTH = 1000

Grants: TypeAlias = Mapping[str, GrantModel | Literal[True]]


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

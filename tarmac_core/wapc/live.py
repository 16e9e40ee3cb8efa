"""Every instance alive, so that all can be closed before the process ends, and counted against the machine's limit."""

from pathlib import Path
from typing import Protocol
from weakref import WeakSet

from tarmac_core.wapc.errors import GuestError

_MAPPINGS_OF_AN_INSTANCE, _MAPPINGS_OF_THE_PROCESS = 8, 2000


class Closable(Protocol):
    def close(self) -> None: ...


class Live:
    """The instances of one engine. Linux allows a process `vm.max_map_count` mappings; more instances are refused."""

    def __init__(self, mappings: int | None = None) -> None:
        count = max_mappings() if mappings is None else mappings
        self.most = max(1, (count - _MAPPINGS_OF_THE_PROCESS) // _MAPPINGS_OF_AN_INSTANCE)
        self._instances: WeakSet[Closable] = WeakSet()
        self.is_closed = False

    def __len__(self) -> int:
        return len(self._instances)

    def require_room(self) -> None:
        """Raise GuestError if there may be no further instance."""
        if self.is_closed:
            raise GuestError("closed", "the engine is closed")
        if len(self._instances) >= self.most:
            raise GuestError(
                "limit", f"{self.most} instances are alive, no more fit into this process (sysctl vm.max_map_count)"
            )

    def add(self, instance: Closable) -> None:
        self._instances.add(instance)

    def discard(self, instance: Closable) -> None:
        self._instances.discard(instance)

    def close(self) -> None:
        """Close all; none can be made any more."""
        self.is_closed = True
        for instance in list(self._instances):
            instance.close()


def max_mappings() -> int:
    """`vm.max_map_count`, or its usual value where it cannot be read."""
    try:
        return int(Path("/proc/sys/vm/max_map_count").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 65530

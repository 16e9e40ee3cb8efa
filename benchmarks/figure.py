"""One measured figure beside what is asked of it."""

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`limit` is the target: an upper bound, or a lower one where `at_least`; None where a figure is only told."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure is as good as asked."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        asked = "" if self.limit is None else f"{'at least' if self.at_least else 'at most'} {self.limit:g} {self.unit}"
        mark = "" if self.limit is None else ("ok" if self.is_met else "MISSED")
        return f"{self.name:<66} {self.value:>12,.2f} {self.unit:<8} {asked:<22} {mark}"


def median_of(measure: Callable[[], float], runs: int) -> float:
    """The median of `runs` measurements after one that is not counted."""
    measure()
    return statistics.median(measure() for _ in range(runs))


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def wait_until(is_there: Callable[[], bool], limit_s: float) -> float:
    """Seconds until `is_there`, asked every half millisecond; TimeoutError after `limit_s`."""
    began = time.perf_counter()
    while not is_there():
        if time.perf_counter() - began > limit_s:
            raise TimeoutError(f"nothing after {limit_s} s")
        time.sleep(0.0005)
    return time.perf_counter() - began


def resident_mib() -> float:
    """Resident memory of this process after a garbage collection, MiB."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024

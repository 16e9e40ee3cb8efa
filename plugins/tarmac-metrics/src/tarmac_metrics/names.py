"""Which metric names guests may use: each belongs to the type it was first used with, and none is one of Tarmac's own."""

import re
from collections import Counter
from typing import Literal, TypeAlias

from tarmac_core.plugin import HostCallError

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]

MAX_NAME_BYTES = 255
_NAME = re.compile(rb"[a-zA-Z0-9_:]+")
_HISTOGRAM_PARTS = ("", "_bucket", "_sum", "_count")
_OWN_HISTOGRAMS = ("http_server", "wasm_functions", "wasm_callbacks", "scheduled_tasks")
# What the Prometheus client shows of process and interpreter, and what Prometheus itself adds to each target.
_OWN_SERIES = (
    "service_routes",
    *(f"process_{name}" for name in ("virtual_memory_bytes", "resident_memory_bytes", "start_time_seconds")),
    *(f"process_{name}" for name in ("cpu_seconds_total", "open_fds", "max_fds")),
    *(f"python_gc_{name}_total" for name in ("objects_collected", "objects_uncollectable", "collections")),
    "python_info",
    "up",
    *(f"scrape_{name}" for name in ("duration_seconds", "timeout_seconds", "body_size_bytes", "series_added")),
    *(f"scrape_sample{name}" for name in ("s_scraped", "s_post_metric_relabeling", "_limit")),
)
_OWN_PREFIX = "tarmac_"


class Names:
    """The names of one server. A name stays with the function that brought it and with its type until the server stops."""

    def __init__(self, max_per_function_count: int) -> None:
        self._max_count = max_per_function_count
        self._kinds: dict[str, Kind] = {}
        self._series = set(_OWN_SERIES).union(*(_series("histogram", name) for name in _OWN_HISTOGRAMS))
        self._counts: Counter[str] = Counter()

    def check(self, name: bytes) -> str:
        """Return the name as text; raises HostCallError 400 for what cannot be one."""
        if len(name) > MAX_NAME_BYTES or not _NAME.fullmatch(name):
            raise HostCallError(400, "invalid metric name")
        return name.decode("ascii")

    def claim(self, kind: Kind, name: str, function: str) -> None:
        """Bind `name` to `kind` at first use; raises HostCallError when it is taken or `function` has too many."""
        name = _shown(name)
        known = self._kinds.get(name)
        if known == kind:
            return
        series = _series(kind, name)
        if known is not None or name.startswith(_OWN_PREFIX) or not self._series.isdisjoint(series):
            raise HostCallError(400, "metric name in use")
        if self._counts[function] >= self._max_count:
            raise HostCallError(
                400, f"too many metrics: function {function} has {self._max_count} (metrics_max_series_per_function)"
            )
        self._counts[function] += 1
        self._kinds[name] = kind
        self._series |= series


def _shown(name: str) -> str:
    """Prometheus knows no name that begins with a digit: the sink puts `_` before it, which must not meet another metric."""
    return f"_{name}" if name[0].isdigit() else name


def _series(kind: Kind, name: str) -> set[str]:
    """Every series that a sink shows for this metric: two metrics must share none."""
    return {name + part for part in _HISTOGRAM_PARTS} if kind == "histogram" else {name}

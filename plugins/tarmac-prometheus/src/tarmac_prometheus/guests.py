"""Metrics that guests name themselves, shown under exactly their names and without labels."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from tarmac_core.plugin import GuestMetric
from tarmac_prometheus.tables import Distribution


class GuestMetrics:
    """All of them. The capability `metrics` lets each name have one kind only."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counters: dict[str, float] = {}
        self._gauges: dict[str, float] = {}
        self._histograms: dict[str, Distribution] = {}

    def change(self, event: GuestMetric) -> None:
        """Take over one change."""
        name = shown(event.name)
        if event.kind == "histogram":
            series = self._histograms.get(name)
            if series is None:
                series = self._histograms[name] = Distribution(self._bounds)
            series.observe(event.value)
            return
        values = self._counters if event.kind == "counter" else self._gauges
        values[name] = values.get(name, 0.0) + event.value

    def collect(self) -> Iterator[Metric]:
        """Gauges and histograms, for the registry."""
        for name, value in list(self._gauges.items()):
            yield GaugeMetricFamily(name, "", value)
        for name, series in list(self._histograms.items()):
            family = HistogramMetricFamily(name, "", labels=())
            series.add_to(family, ())
            yield family

    def counter_lines(self) -> bytes:
        """Counters as text: the client library would put `_total` behind a name that has none."""
        return "".join(
            f"# HELP {name} \n# TYPE {name} counter\n{name} {value}\n" for name, value in self._counters.items()
        ).encode("ascii")


def shown(name: str) -> str:
    """Guests may begin a name with a digit; one such line would make Prometheus refuse the whole page."""
    return f"_{name}" if name[0].isdigit() else name

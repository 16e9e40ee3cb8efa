"""Numbers by label values. Everything runs on the event loop, so that nothing is locked."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

K = TypeVar("K")
V = TypeVar("V")
Labels: TypeAlias = tuple[str, ...]

# Writing a part takes about a millisecond, for which the event loop does nothing else.
_HISTOGRAMS_AT_ONCE = 20
_VALUES_AT_ONCE = 200


class Distribution:
    """Counts of observed values between bounds, and their sum."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value; a bound belongs to the bucket that it closes."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def add_to(self, family: HistogramMetricFamily, labels: Labels) -> None:
        """Write it as a series of `family`, its buckets cumulated."""
        names = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        family.add_metric(labels, list(zip(names, accumulate(self._counts), strict=True)), self._sum)


class Histogram:
    """A distribution for each combination of label values."""

    def __init__(self, name: str, text: str, labels: Labels, bounds: Sequence[float]) -> None:
        self._name, self._text, self._labels, self._bounds = name, text, labels, bounds
        self._series: dict[Labels, Distribution] = {}

    def observe(self, value: float, *labels: str) -> None:
        """Count a value in the series of these label values."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = Distribution(self._bounds)
        series.observe(value)

    def collect(self) -> Iterator[Metric]:
        """The family, in parts."""
        for part in _parts(self._series, _HISTOGRAMS_AT_ONCE):
            family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
            for labels, series in part:
                series.add_to(family, labels)
            yield family


class Counter:
    """A count for each combination of label values; `name` is without `_total`."""

    def __init__(self, name: str, text: str, labels: Labels) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._values: dict[Labels, int] = {}

    def add(self, *labels: str) -> None:
        """Add 1 to the series of these label values."""
        self._values[labels] = self._values.get(labels, 0) + 1

    def set(self, value: int, *labels: str) -> None:
        """Take over a count that is kept elsewhere."""
        self._values[labels] = value

    def collect(self) -> Iterator[Metric]:
        """The family, in parts."""
        for part in _parts(self._values, _VALUES_AT_ONCE):
            family = CounterMetricFamily(self._name, self._text, labels=self._labels)
            for labels, value in part:
                family.add_metric(labels, value)
            yield family


class Gauge:
    """A value for each combination of label values."""

    def __init__(self, name: str, text: str, labels: Labels) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._values: dict[Labels, float] = {}

    def set(self, value: float, *labels: str) -> None:
        """Replace the value of the series of these label values."""
        self._values[labels] = value

    def collect(self) -> Iterator[Metric]:
        """The family, in parts."""
        for part in _parts(self._values, _VALUES_AT_ONCE):
            family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
            for labels, value in part:
                family.add_metric(labels, value)
            yield family


def _parts(table: Mapping[K, V], count: int) -> Iterator[Sequence[tuple[K, V]]]:
    """The entries that are there now, some at a time; one empty part for an empty table, so that its family is shown."""
    entries = list(table.items())
    for start in range(0, len(entries) or 1, count):
        yield entries[start : start + count]

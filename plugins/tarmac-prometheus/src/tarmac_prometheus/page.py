"""The page that Prometheus reads, from a registry of its own: the library's global one is never touched."""

import asyncio
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest

from tarmac_prometheus.sink import PrometheusSink


class Page:
    """What `GET /metrics` answers with: text format 0.0.4."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, sink: PrometheusSink, *, shows_process: bool) -> None:
        self._sink = sink
        self._process = CollectorRegistry(auto_describe=False)
        if shows_process:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self._process)

    async def text(self) -> bytes:
        """All series; the event loop does other work between the parts of a long page."""
        written = [generate_latest(self._process)]
        last = ""
        for family in self._sink.collect():
            part = generate_latest(_One(family))
            # A family in several parts has one head: its HELP and TYPE.
            written.append(part if family.name != last else part.split(b"\n", 2)[2])
            last = family.name
            await asyncio.sleep(0)
        written.append(self._sink.guests.counter_lines())
        return b"".join(written)


class _One(CollectorRegistry):
    """As much of a registry as the library's writer asks for: one family."""

    def __init__(self, family: Metric) -> None:
        super().__init__(auto_describe=False)
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family

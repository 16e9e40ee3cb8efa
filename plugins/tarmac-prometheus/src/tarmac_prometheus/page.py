"""The page that Prometheus reads, from a registry of its own: the library's global one is never touched."""

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest

from tarmac_prometheus.sink import PrometheusSink


class Page:
    """What `GET /metrics` answers with: text format 0.0.4."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, sink: PrometheusSink, *, shows_process: bool) -> None:
        self._sink = sink
        # Names come with the guests, so none can be asked for when the collector is registered.
        self._registry = CollectorRegistry(auto_describe=False)
        if shows_process:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self._registry)
        self._registry.register(sink)

    def text(self) -> bytes:
        """All series as they are now."""
        return generate_latest(self._registry) + self._sink.guests.counter_lines()

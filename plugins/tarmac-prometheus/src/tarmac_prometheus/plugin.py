"""What core reads at start: settings, the observer, and the route that shows what it has heard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import field_validator

from tarmac_core.plugin import (
    Context,
    Observer,
    ObserverSpec,
    PluginInfo,
    PluginSettings,
    Request,
    Response,
    RouteSpec,
    hookimpl,
    setting,
)

if TYPE_CHECKING:
    from tarmac_prometheus.page import Page

_BUCKETS_MS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 60000)


class PrometheusSettings(PluginSettings):
    """Keys with the prefix `prometheus_`."""

    buckets_ms: tuple[float, ...] = setting(
        _BUCKETS_MS, "Upper bounds of the histograms of durations, ascending.", unit="ms", min_length=1
    )
    guest_buckets: tuple[float, ...] = setting(
        _BUCKETS_MS,
        "Upper bounds of the histograms that functions fill, ascending; in the functions' own unit.",
        min_length=1,
    )
    process_series: bool = setting(
        True, "Show memory, CPU and open files of the process, and the interpreter's version."
    )

    @field_validator("buckets_ms", "guest_buckets")
    @classmethod
    def _check_order(cls, bounds: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in pairwise(bounds)):
            raise ValueError("must ascend")
        return bounds


class PrometheusPlugin:
    """Entry point `prometheus`. Each App has its own instance, and with it its own registry."""

    def __init__(self) -> None:
        self._page: Page | None = None

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="prometheus", settings_model=PrometheusSettings)

    @hookimpl
    def tarmac_observers(self, settings: PluginSettings) -> list[ObserverSpec]:
        """One sink for all events."""
        return [ObserverSpec(name="prometheus", open=self._open)]

    @hookimpl
    def tarmac_routes(self, settings: PluginSettings) -> list[RouteSpec]:
        """`GET /metrics`, on the admin listener where there is one."""
        return [RouteSpec("GET", "/metrics", self._show)]

    @asynccontextmanager
    async def _open(self, settings: PrometheusSettings, context: Context) -> AsyncIterator[Observer]:
        from tarmac_prometheus.page import Page  # noqa: PLC0415 - loads prometheus_client
        from tarmac_prometheus.sink import PrometheusSink  # noqa: PLC0415

        sink = PrometheusSink(settings.buckets_ms, settings.guest_buckets)
        self._page = Page(sink, shows_process=settings.process_series)
        try:
            yield sink
        finally:
            self._page = None

    async def _show(self, request: Request) -> Response:
        if self._page is None:
            return Response(503)
        return Response(200, await self._page.text(), (("Content-Type", self._page.content_type),))

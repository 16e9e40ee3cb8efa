"""What core reads at start: name, settings, and the declaration of the capability."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tarmac_core.plugin import CapabilitySpec, Context, Operations, PluginInfo, PluginSettings, hookimpl, setting


class MetricsSettings(PluginSettings):
    """Keys with the prefix `metrics_`."""

    max_series_per_function: int = setting(
        1000, "Most metric names that one function may bring into being; more are refused.", ge=1
    )


class MetricsPlugin:
    """Entry point `metrics`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="metrics", settings_model=MetricsSettings)

    @hookimpl
    def tarmac_capabilities(self, settings: PluginSettings) -> list[CapabilitySpec]:
        """The capability `metrics`; it is on when installed, and a grant for it says only yes."""
        return [CapabilitySpec(name="metrics", open=open_metrics)]


@asynccontextmanager
async def open_metrics(
    settings: MetricsSettings, stores: Mapping[str, object], context: Context
) -> AsyncIterator[Operations]:
    """Yield the operations `counter gauge histogram`; there is nothing to open or close."""
    from tarmac_metrics.names import Names  # noqa: PLC0415
    from tarmac_metrics.operations import metrics_operations  # noqa: PLC0415

    yield metrics_operations(Names(settings.max_series_per_function), context.observe)

"""What Tarmac reads at start: name, settings, and how the store is opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl, setting


class TemplateSettings(PluginSettings):
    """Keys with the prefix `template_`."""

    folder: str = setting("template", "Folder of the files, inside `data_dir` unless absolute.", min_length=1)


class TemplatePlugin:
    """Entry point `kvstore.template`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name, settings, and the capability that it is a store for."""
        return PluginInfo(name="kvstore.template", settings_model=TemplateSettings, requires=("kvstore",))

    @hookimpl
    def tarmac_backends(self, settings: TemplateSettings) -> list[BackendSpec]:
        """One store; every process on this host that names the same folder shares it."""
        return [BackendSpec("kvstore", "template", open_template, shared_by="host")]


@asynccontextmanager
async def open_template(settings: TemplateSettings, context: Context) -> AsyncIterator[object]:
    """Yield the opened store; what it holds open is closed behind the `yield`."""
    from tarmac_kv_template.store import TemplateKV  # noqa: PLC0415 - loaded only when configuration selects this store

    store = TemplateKV(context.data_dir / settings.folder)
    try:
        yield store
    finally:
        store.close()

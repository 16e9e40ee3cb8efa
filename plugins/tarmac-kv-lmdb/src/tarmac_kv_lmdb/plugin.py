"""What core reads at start: settings, and the store's life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from tarmac_kv import KVBackend

from tarmac_core.plugin import BackendSpec, Context, PluginInfo, PluginSettings, hookimpl, setting


class LmdbSettings(PluginSettings):
    """Keys with the prefix `lmdb_`; those of the original's BoltDB mean the same."""

    filename: str = setting(
        "", "The file; empty is tarmac.db in data_dir. A missing folder is made.", aliases=("boltdb_filename",)
    )
    bucket: str = setting(
        "tarmac", "Database inside the file.", aliases=("boltdb_bucket",), min_length=1, max_length=400
    )
    permissions: int = setting(
        0o600, "Mode of a new file; 384 is 0600.", aliases=("boltdb_permissions",), ge=0o200, le=0o777
    )
    timeout: int = setting(5, "Accepted, without effect: opening waits for no lock.", aliases=("boltdb_timeout",))
    sync: Literal["full", "meta", "none"] = setting(
        "full",
        "What is on the disk before a write is answered: full is all of it; meta may lose the last writes when the machine "
        "crashes; none may lose or damage the file then. A crash of the process alone loses nothing.",
    )
    initial_bytes: int = setting(64 << 20, "Room in the map at first; it grows by itself.", unit="bytes", ge=1 << 20)
    max_bytes: int = setting(0, "Largest size of the file; 0 sets no limit.", unit="bytes", ge=0)
    sweep_interval_s: float = setting(10.0, "How often expired keys are removed from the file.", unit="s", gt=0)


class LmdbPlugin:
    """Entry points `kvstore.lmdb`, `kvstore.internal` and `kvstore.boltdb`."""

    @hookimpl
    def tarmac_plugin_info(self) -> PluginInfo:
        """Name and settings."""
        return PluginInfo(name="kvstore.lmdb", settings_model=LmdbSettings)

    @hookimpl
    def tarmac_backends(self, settings: PluginSettings) -> list[BackendSpec]:
        """The store, under each of its names."""
        return [
            BackendSpec(capability="kvstore", name=name, open=open_lmdb, shared_by="host")
            for name in ("lmdb", "internal", "boltdb")
        ]


@asynccontextmanager
async def open_lmdb(settings: LmdbSettings, context: Context) -> AsyncIterator[KVBackend]:
    """Yield the store; at the end every accepted write is on the disk and answered. Raises `LmdbFileError`."""
    from tarmac_kv_lmdb.database import Database, Limits  # noqa: PLC0415 - loads the driver, which a listing does not need
    from tarmac_kv_lmdb.path import prepare  # noqa: PLC0415
    from tarmac_kv_lmdb.store import LmdbKV  # noqa: PLC0415

    path = prepare(Path(settings.filename) if settings.filename else context.data_dir / "tarmac.db")
    limits = Limits(initial_bytes=settings.initial_bytes, max_bytes=settings.max_bytes)
    database = Database(path, settings.bucket.encode(), limits, mode=settings.permissions, sync=settings.sync)
    store = LmdbKV(database, context.log, sweep_interval_s=settings.sweep_interval_s)
    try:
        yield store
    finally:
        await store.close()

"""What every database can be told. Backends subclass it and use the prefix `sql`, so that `sql_*` fills the selected one."""

from typing import Literal

from tarmac_core.plugin import PluginSettings, setting

PREFIX = "sql"


class SQLStoreSettings(PluginSettings):
    """Keys with the prefix `sql_`, of whichever backend is selected; each adds `dsn`, as a secret where it may hold one."""

    values: Literal["natural", "go"] = setting(
        "natural", "Shapes of values in results: natural JSON, or exactly what the Go Tarmac gives."
    )
    read_only: bool = setting(False, "Refuses every statement that changes something.")
    pool_size: int = setting(10, "Most connections; further calls wait for one.", ge=1, le=1000)
    statement_timeout_ms: int = setting(
        30_000, "A statement that takes longer is stopped on the server; 0 sets no limit.", unit="ms", ge=0
    )
    max_rows: int = setting(100_000, "A result with more rows is an error; 0 sets no limit.", ge=0)
    max_result_bytes: int = setting(16 << 20, "A result of more JSON text is an error.", unit="bytes", ge=1024)

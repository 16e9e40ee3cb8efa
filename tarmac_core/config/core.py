"""The settings of core itself: one flat key a field, no prefix."""

from pathlib import Path
from typing import Literal

from pydantic import field_validator

from tarmac_core.config.address import Address, parse_address
from tarmac_core.config.function import (
    MAX_MEMORY_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_TIME_MS,
    MEMORY_BYTES,
    MIB,
    FunctionDefaults,
    check_memory,
)
from tarmac_core.plugin import PluginSettings, setting

MAX_TIME_S = MAX_TIME_MS // 1000
HOT_KEYS = frozenset(("debug", "trace", "disable_logging", "enable_maintenance_mode"))


class CoreSettings(PluginSettings):
    """Everything that core reads; `HOT_KEYS` name those that a remote source may change while the server runs."""

    listen_addr: str = setting(
        "0.0.0.0:8443", "Address to listen on, as host:port; empty is port 443 (80 without TLS)."
    )
    admin_listen_addr: str = setting("", "Address for probes, metrics and debug routes; empty: same as the functions'.")
    enable_tls: bool = setting(True, "Whether to serve HTTPS; needs cert_file and key_file.")
    cert_file: str = setting("/certs/cert.crt", "Server certificate with its chain, in PEM.")
    key_file: str = setting("/certs/key.key", "Private key of the certificate, in PEM.")
    ca_file: str = setting("", "Authorities for client certificates, in PEM; when set, clients must present one.")
    ignore_client_cert: bool = setting(False, "With ca_file: clients may come without a certificate.")

    debug: bool = setting(False, "Log from level DEBUG.")
    trace: bool = setting(False, "Log from level TRACE, which is more than debug.")
    disable_logging: bool = setting(False, "Log nothing.")
    text_log_format: bool = setting(False, "Log lines of key=value instead of JSON.")

    wasm_function: str = setting("/functions/tarmac.wasm", "The function to serve where there is no tarmac.json.")
    wasm_function_config: str = setting("/functions/tarmac.json", "The manifest: services, functions and routes.")
    wasm_pool_size: int = setting(0, "Most instances of a single function; 0 is 100.", ge=0)
    run_mode: Literal["daemon", "job"] = setting("daemon", "A job ends after its init functions.")
    plugins_disabled: tuple[str, ...] = setting((), "Entry points that are left alone although they are installed.")
    data_dir: Path = setting(Path("data"), "Folder for files that outlive the process.")
    cache_dir: str = setting("", "Folder for compiled modules; empty is the folder cache in data_dir.")

    wasm_timeout_ms: int = setting(
        0,
        "Longest call where a function sets none; 0 is 60000 over HTTP and none elsewhere.",
        unit="ms",
        ge=0,
        le=MAX_TIME_MS,
    )
    wasm_cpu_ms: int = setting(
        0, "Most CPU time of a call where a function sets none; 0 is no limit.", unit="ms", ge=0, le=MAX_TIME_MS
    )
    wasm_memory_bytes: int = setting(
        0,
        "Most memory of an instance where a function sets none; 0 is 256 MiB.",
        unit="bytes",
        ge=0,
        le=MAX_MEMORY_BYTES,
    )
    wasm_queue_length: int = setting(1000, "Most calls that wait for an instance where a function sets none.", ge=0)
    wasm_threads: int = setting(0, "Threads for guests that compute long; 0 is one for each CPU.", ge=0, le=1024)
    max_call_depth: int = setting(16, "How deep functions may call functions.", ge=1, le=1000)
    max_request_bytes: int = setting(
        64 * MIB, "Largest request to a function.", unit="bytes", ge=1, le=MAX_PAYLOAD_BYTES
    )
    max_response_bytes: int = setting(
        64 * MIB, "Largest answer of a function.", unit="bytes", ge=1, le=MAX_PAYLOAD_BYTES
    )
    max_host_call_bytes: int = setting(
        64 * MIB, "Largest payload of a host call, either way.", unit="bytes", ge=1, le=MAX_PAYLOAD_BYTES
    )

    http_header_timeout_s: float = setting(10, "Longest wait for a request's headers.", unit="s", gt=0, le=MAX_TIME_S)
    http_idle_timeout_s: float = setting(75, "How long an idle connection is kept.", unit="s", gt=0, le=MAX_TIME_S)
    http_body_timeout_s: float = setting(60, "Longest wait for a request's body.", unit="s", gt=0, le=MAX_TIME_S)
    http_write_timeout_s: float = setting(
        60, "Longest wait for a client to take its answer.", unit="s", gt=0, le=MAX_TIME_S
    )
    shutdown_timeout_s: float = setting(
        30, "How long running requests may finish at stop.", unit="s", ge=0, le=MAX_TIME_S
    )
    plugin_timeout_s: float = setting(
        30, "Longest time that one part may take to open or to close.", unit="s", gt=0, le=MAX_TIME_S
    )

    enable_maintenance_mode: bool = setting(False, "Answer 503 on /ready.")
    enable_metrics: bool = setting(False, "Accepted without effect: metrics are on when a sink is installed.")
    enable_pprof: bool = setting(False, "Accepted with a warning: there is no profiler.")
    from_consul: bool = setting(False, "Accepted without effect.")
    grpc_socket_path: str = setting("/grpc.sock", "Accepted without effect.")

    @field_validator("listen_addr", "admin_listen_addr")
    @classmethod
    def _check_address(cls, text: str) -> str:
        parse_address(text)
        return text

    @field_validator("wasm_memory_bytes")
    @classmethod
    def _check_memory(cls, memory_bytes: int) -> int:
        return check_memory(memory_bytes)

    @field_validator("run_mode", mode="before")
    @classmethod
    def _empty_is_daemon(cls, text: object) -> object:
        return "daemon" if text == "" else text

    @property
    def listen_address(self) -> Address:
        """Where functions are served."""
        return parse_address(self.listen_addr, default_port=443 if self.enable_tls else 80)

    @property
    def admin_address(self) -> Address | None:
        """Where probes, metrics and debug routes are served; None: where the functions are."""
        return parse_address(self.admin_listen_addr) if self.admin_listen_addr.strip() else None

    @property
    def manifest_is_named(self) -> bool:
        """Whether `wasm_function_config` was set, so that its file must be there."""
        return "wasm_function_config" in self.model_fields_set

    @property
    def cache_folder(self) -> Path:
        """Where compiled modules are kept."""
        return Path(self.cache_dir) if self.cache_dir else self.data_dir / "cache"

    @property
    def function_defaults(self) -> FunctionDefaults:
        """What holds for a function that sets nothing of its own."""
        return FunctionDefaults(
            timeout_ms=self.wasm_timeout_ms or None,
            cpu_ms=self.wasm_cpu_ms or None,
            memory_bytes=self.wasm_memory_bytes or MEMORY_BYTES,
            queue_length=self.wasm_queue_length,
        )

    @property
    def warnings(self) -> list[str]:
        """What is accepted and does nothing, where its owner may expect more."""
        if not self.enable_pprof:
            return []
        return ["enable_pprof: there is no profiler here, so /debug/pprof is not served"]

"""Keys that nobody reads: a warning each, with the nearest key that somebody does."""

from collections.abc import Iterable

from tarmac_core.config.fields import fields_of
from tarmac_core.config.nearest import did_you_mean
from tarmac_core.config.raw import Raw
from tarmac_core.plugin import PluginSettings

_KEYS = """
enable_tls listen_addr cert_file key_file ca_file ignore_client_cert
config_watch_interval use_consul consul_addr consul_keys_prefix from_consul
debug trace disable_logging text_log_format
wasm_function wasm_function_config wasm_pool_size run_mode
enable_pprof enable_maintenance_mode enable_metrics http_client_max_response_body_size
enable_kvstore kvstore_type
boltdb_filename boltdb_bucket boltdb_permissions boltdb_timeout
redis_server redis_password redis_database redis_sentinel_servers redis_sentinel_master
redis_connect_timeout redis_read_timeout redis_write_timeout redis_keepalive redis_max_active redis_hostname_verify
cassandra_hosts cassandra_port cassandra_keyspace cassandra_consistency cassandra_repl_strategy cassandra_replicas
cassandra_user cassandra_password cassandra_hostname_verify
nats_url nats_bucket nats_servers nats_skip_tls_verify
enable_sql sql_type sql_dsn
grpc_socket_path
"""
UPSTREAM_KEYS = frozenset(_KEYS.split())
"""Every key of the original: a directory written for it is never told that its keys are unknown."""


def unknown_keys(
    raw: Raw,
    models: Iterable[tuple[type[PluginSettings], str]],
    *,
    prefixes: Iterable[str] = (),
    keys: Iterable[str] = (),
) -> list[str]:
    """Warnings about keys that nothing reads, and about files that were passed over.

    `models` are those in use with their prefixes, `prefixes` those of every installed entry point, `keys` others that core
    reads (`enable_kvstore`). A key with the prefix of an installed plugin whose model is not in use is known.
    """
    models = list(models)
    exact = UPSTREAM_KEYS | set(keys) | {key for model, prefix in models for key in _keys(model, prefix)}
    read_prefixes = {prefix for _, prefix in models}
    open_prefixes = tuple(f"{prefix}_" for prefix in prefixes if prefix and prefix not in read_prefixes)
    return [
        *raw.notes,
        *(
            _warning(key, raw.values[key].source, exact)
            for key in raw.values
            if key not in exact and not key.startswith(open_prefixes)
        ),
    ]


def _keys(model: type[PluginSettings], prefix: str) -> Iterable[str]:
    return (key for field in fields_of(model, prefix) for key in field.keys)


def _warning(key: str, source: str, known: Iterable[str]) -> str:
    if key.startswith("stores_"):
        return f"{key} from {source}: named stores are set in the configuration file only, so it has no effect"
    hint = did_you_mean(key, known)
    return f"{key} from {source}: no such setting, so it has no effect" + (f" ({hint})" if hint else "")

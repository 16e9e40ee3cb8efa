"""Packages that are known to provide what is not installed here; only messages use them."""

from collections.abc import Mapping
from types import MappingProxyType

KNOWN_PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "logger": "tarmac-logger",
        "function": "tarmac-function",
        "httpclient": "tarmac-httpclient",
        "metrics": "tarmac-metrics",
        "prometheus": "tarmac-prometheus",
        "statsd": "tarmac-statsd",
        "init": "tarmac-trigger-init",
        "schedule": "tarmac-trigger-schedule",
        "kvstore": "tarmac-kv",
        "kvstore.memory": "tarmac-kv-memory",
        "kvstore.in-memory": "tarmac-kv-memory",
        "kvstore.lmdb": "tarmac-kv-lmdb",
        "kvstore.internal": "tarmac-kv-lmdb",
        "kvstore.boltdb": "tarmac-kv-lmdb",
        "kvstore.redis": "tarmac-kv-redis",
        "kvstore.cassandra": "tarmac-kv-cassandra",
        "kvstore.nats": "tarmac-kv-nats",
        "sql": "tarmac-sql",
        "sql.sqlite": "tarmac-sql-sqlite",
        "sql.postgres": "tarmac-sql-postgres",
        "sql.mysql": "tarmac-sql-mysql",
        "sql.mariadb": "tarmac-sql-mysql",
        "config.consul": "tarmac-config-consul",
    }
)

KNOWN_ROUTE_TYPES: Mapping[str, str] = MappingProxyType(
    {"function": "tarmac-function", "init": "tarmac-trigger-init", "scheduled_task": "tarmac-trigger-schedule"}
)

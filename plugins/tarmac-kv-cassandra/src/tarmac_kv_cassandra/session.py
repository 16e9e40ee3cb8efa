"""The cluster, opened in a thread since the driver blocks there, and closed."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.query import tuple_factory

from tarmac_core.plugin import Log
from tarmac_kv_cassandra import policies
from tarmac_kv_cassandra.calls import Calls
from tarmac_kv_cassandra.connection import bound
from tarmac_kv_cassandra.driver_log import driver_log
from tarmac_kv_cassandra.faults import FAILURES, CassandraOpenError, in_words
from tarmac_kv_cassandra.hosts import resolved
from tarmac_kv_cassandra.reactor import Reactor
from tarmac_kv_cassandra.settings import CassandraSettings
from tarmac_kv_cassandra.table import Table, find_or_make
from tarmac_kv_cassandra.tls import tls_context

_PROTOCOL = 4
"""Every server speaks it, and the next one costs more: it adds checksums to every frame."""

_HEARTBEAT_S = 5.0
_FRIENDLY_CLOSE_S = 1.0


@asynccontextmanager
async def opened(settings: CassandraSettings, log: Log) -> AsyncIterator[tuple[Calls, Table]]:
    """Connect, find or make the table, and yield the way to ask. Raises `CassandraOpenError`."""
    loop = asyncio.get_running_loop()
    reactor = Reactor()
    with driver_log(log), ThreadPoolExecutor(1, "cassandra") as thread:
        driver = _Driver(settings, reactor, log)
        try:
            session, table = await loop.run_in_executor(thread, driver.open)
            calls = Calls(session, reactor, settings, log)
            try:
                await calls.reach(table)
                yield calls, table
            finally:
                calls.close()
        finally:
            ending = loop.run_in_executor(thread, driver.close)
            # A node that hangs cannot end what the driver waits for.
            await asyncio.wait({ending}, timeout=_FRIENDLY_CLOSE_S)
            reactor.close()
            await ending


class _Driver:
    """The driver's cluster; both methods block and run in one thread."""

    def __init__(self, settings: CassandraSettings, reactor: Reactor, log: Log) -> None:
        self._settings = settings
        self._reactor = reactor
        self._log = log
        self._cluster: Cluster | None = None

    def open(self) -> tuple[Session, Table]:
        """Connect to a first node, and through it to all others."""
        addresses, names = resolved(self._settings, self._log)
        options = _options(self._settings)
        self._cluster = cluster = Cluster(
            contact_points=addresses, connection_class=bound(self._reactor, names), **options
        )
        try:
            session = cluster.connect()
            session.use_client_timestamp = False
            _check(cluster, self._settings)
            return session, find_or_make(session, self._settings)
        except FAILURES as error:
            _check(cluster, self._settings)
            raise CassandraOpenError(self._settings.place, in_words(error, self._settings)) from error

    def close(self) -> None:
        """Close all connections and join the driver's threads."""
        if self._cluster is not None:
            self._cluster.shutdown()


def _options(settings: CassandraSettings) -> dict[str, Any]:
    consistency = ConsistencyLevel.name_to_value[settings.consistency.upper()]
    is_local = settings.consistency.startswith("local_")
    profile = ExecutionProfile(
        load_balancing_policy=policies.load_balancing(settings.local_dc),
        retry_policy=policies.RetryReads(),
        consistency_level=consistency,
        serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL if is_local else ConsistencyLevel.SERIAL,
        request_timeout=settings.request_timeout,
        row_factory=tuple_factory,
    )
    secret = settings.password.get_secret_value()
    return {
        "execution_profiles": {EXEC_PROFILE_DEFAULT: profile},
        "reconnection_policy": policies.reconnection(),
        "auth_provider": PlainTextAuthProvider(settings.user, secret) if settings.user else None,
        "ssl_context": tls_context(settings),
        "port": settings.port,
        "protocol_version": _PROTOCOL,
        "compression": False,
        "connect_timeout": settings.connect_timeout,
        "control_connection_timeout": settings.connect_timeout,
        "idle_heartbeat_interval": _HEARTBEAT_S,
        "idle_heartbeat_timeout": settings.connect_timeout,
        # Reports to a commercial server.
        "monitor_reporting_enabled": False,
    }


def _check(cluster: Cluster, settings: CassandraSettings) -> None:
    """Refuse a cluster that this store cannot use. Raises `CassandraOpenError`."""
    known = sorted({host.datacenter for host in cluster.metadata.all_hosts() if host.datacenter})
    if settings.local_dc and known and settings.local_dc not in known:
        what = f"the cluster has no such data centre, only {', '.join(known)}"
        raise CassandraOpenError(f"{settings.place}, cassandra_local_dc {settings.local_dc}", what)
    partitioner = cluster.metadata.partitioner or "Murmur3Partitioner"
    if not partitioner.endswith("Murmur3Partitioner"):
        raise CassandraOpenError(settings.place, f"its partitioner is {partitioner}, and must be Murmur3Partitioner")

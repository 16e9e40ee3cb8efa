"""The Cassandra store does what every store must do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_kv import conformance
from tarmac_kv_cassandra.store import CassandraKV

from tests.services.cassandra import CassandraServer


@pytest.fixture
def open_store(
    shared_server: CassandraServer, open_with: Callable[..., AbstractAsyncContextManager[CassandraKV]]
) -> Callable[[], AbstractAsyncContextManager[CassandraKV]]:
    return lambda: open_with(**shared_server.settings)


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestTimeToLive(conformance.TimeToLive):
    # Whole seconds, and up to one more.
    shortest_ttl_ms = 2000


class TestCompareAndSet(conformance.CompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

"""The NATS store does what every store must do, on a new server and on an old one."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_kv import conformance
from tarmac_kv_nats.store import NatsKV

from tests.services.nats import NatsServer


@pytest.fixture
def open_store(
    shared_server: NatsServer, open_with: Callable[..., AbstractAsyncContextManager[NatsKV]]
) -> Callable[[], AbstractAsyncContextManager[NatsKV]]:
    return lambda: open_with(url=shared_server.url)


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestTimeToLive(conformance.TimeToLive):
    shortest_ttl_ms = 1000


class TestCompareAndSet(conformance.CompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

"""The Redis store does what every store must do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_kv import conformance
from tarmac_kv_redis.store import RedisKV

from tests.services.redis import RedisServer


@pytest.fixture
def open_store(
    shared_server: RedisServer, open_with: Callable[..., AbstractAsyncContextManager[RedisKV]]
) -> Callable[[], AbstractAsyncContextManager[RedisKV]]:
    return lambda: open_with(server=shared_server.address)


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestTimeToLive(conformance.TimeToLive): ...


class TestCompareAndSet(conformance.CompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

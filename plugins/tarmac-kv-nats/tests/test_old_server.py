"""On Debian's server, which is years older, the store does all but the time to live."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_kv import conformance
from tarmac_kv_nats.store import NatsKV

from tests.services.nats import DEBIAN, NatsServer


@pytest.fixture(scope="module")
def old_server() -> Iterator[NatsServer]:
    with NatsServer(program=DEBIAN) as server:
        yield server


@pytest.fixture
def open_store(
    old_server: NatsServer, open_with: Callable[..., AbstractAsyncContextManager[NatsKV]]
) -> Callable[[], AbstractAsyncContextManager[NatsKV]]:
    return lambda: open_with(url=old_server.url)


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestTimeToLive(conformance.NoTimeToLive): ...


class TestCompareAndSet(conformance.CompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

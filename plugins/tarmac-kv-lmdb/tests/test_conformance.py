"""The LMDB store does what every store must do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from tarmac_kv import conformance
from tarmac_kv_lmdb.store import LmdbKV


@pytest.fixture
def open_store(
    open_with: Callable[..., AbstractAsyncContextManager[LmdbKV]],
) -> Callable[[], AbstractAsyncContextManager[LmdbKV]]:
    return lambda: open_with(sweep_interval_s=0.05)


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestTimeToLive(conformance.TimeToLive): ...


class TestCompareAndSet(conformance.CompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

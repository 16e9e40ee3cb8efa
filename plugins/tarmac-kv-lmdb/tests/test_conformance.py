"""The LMDB store does what every store must do."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from tarmac_kv import KVBackend, conformance
from tarmac_kv_lmdb.plugin import LmdbSettings, open_lmdb

from tarmac_core.plugin import Context


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[], AbstractAsyncContextManager[KVBackend]]:
    async def invoke(*_: Any, **__: Any) -> bytes:
        raise AssertionError("a store calls no function")

    context = Context(
        log=logging.LoggerAdapter(logging.getLogger("test")),
        invoke=invoke,
        observe=lambda event: None,
        data_dir=tmp_path,
        clock=lambda: 0.0,
    )
    return lambda: open_lmdb(LmdbSettings(sweep_interval_s=0.05), context)


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestTimeToLive(conformance.TimeToLive): ...


class TestCompareAndSet(conformance.CompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

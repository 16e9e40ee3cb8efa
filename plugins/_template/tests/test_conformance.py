"""The store does what every store must do."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from tarmac_kv import KVBackend, conformance
from tarmac_kv_template.plugin import TemplatePlugin

from tarmac_core.testing import PluginHarness


@pytest.fixture
def open_store(tarmac_plugin: Callable[..., PluginHarness]) -> Callable[[], AbstractAsyncContextManager[KVBackend]]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[KVBackend]:
        async with tarmac_plugin(TemplatePlugin, folder="files") as plugin:
            yield await plugin.backend()

    return opened


class TestBytes(conformance.Bytes): ...


class TestKeys(conformance.Keys): ...


class TestScans(conformance.Scans): ...


class TestWriters(conformance.Writers): ...


class TestNoTimeToLive(conformance.NoTimeToLive): ...


class TestNoCompareAndSet(conformance.NoCompareAndSet): ...


class TestLifeCycle(conformance.LifeCycle): ...


class TestDurable(conformance.Durable): ...

"""What core reads of the plugin."""

import subprocess
import sys
from pathlib import Path

import pytest
from tarmac_kv import KVBackend
from tarmac_kv_memory.plugin import MemoryPlugin

from tarmac_core.testing import PluginHarness


@pytest.mark.parametrize("name", ["memory", "in-memory"])
async def test_the_store_opens_empty_under_each_of_its_names(tmp_path: Path, name: str) -> None:
    async with PluginHarness(MemoryPlugin, {"max_bytes": "1000"}, data_dir=tmp_path) as plugin:
        store = await plugin.backend(name)
        assert isinstance(store, KVBackend)
        assert store.health() is None


def test_the_plugin_loads_nothing_else() -> None:
    program = "import sys, tarmac_kv_memory.plugin; sys.exit('google.protobuf' in sys.modules or 'lmdb' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

"""What core reads of the plugin."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tarmac_kv import KVBackend
from tarmac_kv.grants import KVGrant
from tarmac_kv.plugin import KVPlugin, KVSettings

from tarmac_core.testing import PluginHarness


def test_the_default_store_is_the_embedded_one() -> None:
    assert KVSettings().type == "internal"


async def test_the_capability_works_on_stores_and_offers_five_operations(tmp_path: Path, serving: Any) -> None:
    async with PluginHarness(KVPlugin, data_dir=tmp_path) as plugin:
        (spec,) = plugin.declared.capabilities
        assert (spec.name, spec.backend_type, spec.grant_model) == ("kvstore", KVBackend, KVGrant)
        kv = await plugin.capability()
        assert set(kv.operations) == {"get", "set", "delete", "keys", "cas"}


@pytest.mark.parametrize("module", ["tarmac_kv", "tarmac_kv.plugin"])
def test_neither_protobuf_nor_pytest_is_loaded_before_it_is_used(module: str) -> None:
    program = f"import sys, {module}; sys.exit('google.protobuf' in sys.modules or 'pytest' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

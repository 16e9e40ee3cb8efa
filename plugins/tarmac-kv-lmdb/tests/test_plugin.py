"""What core reads of the plugin."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_kv import KVBackend
from tarmac_kv_lmdb.plugin import LmdbPlugin, LmdbSettings

from tarmac_core.testing import PluginHarness


@pytest.mark.parametrize("name", ["lmdb", "internal", "boltdb"])
async def test_the_store_opens_under_each_of_its_names(tmp_path: Path, name: str) -> None:
    async with PluginHarness(LmdbPlugin, data_dir=tmp_path) as plugin:
        store = await plugin.backend(name)
        assert isinstance(store, KVBackend)
        assert store.health() is None
    assert (tmp_path / "tarmac.db").is_file()


@pytest.mark.parametrize(("text", "mode"), [("0600", 0o600), ("384", 0o600), ("0o640", 0o640), (0o644, 0o644)])
def test_permissions_are_read_as_the_original_does(text: Any, mode: int) -> None:
    assert LmdbSettings(permissions=text).permissions == mode


@pytest.mark.parametrize(
    "wrong",
    [{"permissions": 600}, {"permissions": "rw"}, {"bucket": ""}, {"sync": "often"}, {"max_bytes": -1}, {"nome": 1}],
    ids=str,
)
def test_a_wrong_setting_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LmdbSettings.model_validate(wrong)


def test_the_plugin_loads_no_driver() -> None:
    program = "import sys, tarmac_kv_lmdb.plugin; sys.exit('lmdb' in sys.modules or 'google.protobuf' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

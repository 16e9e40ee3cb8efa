"""What core reads of the plugin."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_kv import KVBackend
from tarmac_kv_redis.address import parse_address
from tarmac_kv_redis.plugin import RedisPlugin
from tarmac_kv_redis.settings import RedisSettings

from tarmac_core.testing import PluginHarness
from tests.services.redis import RedisServer


async def test_nothing_is_left_when_the_store_is_closed(tmp_path: Path, shared_server: RedisServer) -> None:
    async with PluginHarness(RedisPlugin, {"server": shared_server.address}, data_dir=tmp_path) as plugin:
        store = await plugin.backend("redis")
        assert isinstance(store, KVBackend)
        await store.set(b"key", b"value")  # type: ignore[misc]
        assert "db=0" in shared_server.ask("CLIENT LIST").split("cmd=client")[0]
    assert shared_server.ask("CLIENT LIST").count("id=") == 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "redis_server is not set"),
        ({"sentinel_master": "main"}, "redis_server is not set"),
        ({"sentinel_servers": "a b:1"}, "redis_sentinel_master is not set"),
        ({"server": "a", "sentinel_servers": "b", "sentinel_master": "main"}, "only one can be"),
        ({"server": "a", "user": "me"}, "redis_password is not set"),
        ({"server": "a", "sentinel_user": "me"}, "redis_sentinel_password is not set"),
        ({"server": "a", "tls": True, "tls_key_file": "k"}, "redis_tls_cert_file is not set"),
        ({"server": "a", "tls_ca_file": "c"}, "redis_tls is not set"),
        ({"server": "redis://a"}, "is not host:port"),
        ({"server": "a:0"}, "the port must be"),
        ({"server": "a:x"}, "the port must be"),
        ({"sentinel_servers": "a:99999", "sentinel_master": "main"}, "the port must be"),
        ({"server": "a", "read_timeout": -1}, "greater than or equal to 0"),
        ({"server": "a", "database": "x"}, "is not a whole number"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_an_error(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        RedisSettings.model_validate(wrong)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("here", "here", 6379),
        ("here:1", "here", 1),
        (" 127.0.0.1:65535 ", "127.0.0.1", 65535),
        ("::1", "::1", 6379),
        ("[::1]", "::1", 6379),
        ("[::1]:7", "::1", 7),
    ],
)
def test_an_address_is_a_host_and_perhaps_a_port(text: str, host: str, port: int) -> None:
    assert parse_address(text, 6379) == (host, port)


def test_the_keys_of_the_original_mean_the_same() -> None:
    settings = RedisSettings.model_validate(
        {"sentinel_servers": "one two:7", "sentinel_master": "main", "connect_timeout": "3", "max_active": "0"}
    )
    assert [str(address) for address in settings.sentinel_addresses] == ["one:26379", "two:7"]
    assert (settings.connect_timeout, settings.max_active) == (3.0, 0)


def test_the_plugin_loads_no_driver() -> None:
    program = "import sys, tarmac_kv_redis.plugin; sys.exit('redis' in sys.modules or 'google.protobuf' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

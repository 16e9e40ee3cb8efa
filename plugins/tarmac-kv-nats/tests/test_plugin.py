"""What core reads of the plugin."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_kv import KVBackend
from tarmac_kv.conformance import answered
from tarmac_kv_nats.address import parse_address
from tarmac_kv_nats.plugin import NatsPlugin
from tarmac_kv_nats.settings import NatsSettings

from tarmac_core.testing import PluginHarness
from tests.services.nats import NatsServer


async def test_nothing_is_left_when_the_store_is_closed(tmp_path: Path, shared_server: NatsServer) -> None:
    async with PluginHarness(NatsPlugin, {"url": shared_server.url}, data_dir=tmp_path) as plugin:
        store = await plugin.backend("nats")
        assert isinstance(store, KVBackend)
        await answered(store.set(b"key", b"value"))
        assert [one["name"] for one in shared_server.ask("connz")["connections"]] == ["tarmac"]
    assert shared_server.ask("connz")["connections"] == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"url": "ws://a"}, "other ways to NATS are not supported"),
        ({"url": "nats://a:x"}, "the port must be"),
        ({"url": "nats://a:99999"}, "the port must be"),
        ({"url": "nats://a/path"}, "is not nats://host:port"),
        ({"url": ""}, "is not nats://host:port"),
        ({"servers": ["a", "b c"]}, "is not nats://host:port"),
        ({"servers": ["nats://one:x@a", "nats://two:y@b"]}, "different logins"),
        ({"bucket": "a.b"}, "bucket"),
        ({"bucket": ""}, "bucket"),
        ({"user": "me"}, "nats_password is not set"),
        ({"password": "x"}, "nats_user is not set"),
        ({"token": "x", "nkey_seed_file": "f"}, "nats_token and nats_nkey_seed_file are set: only one can be"),
        ({"tls_key_file": "k"}, "nats_tls_cert_file is not set"),
        ({"storage": "tape"}, "storage"),
        ({"request_timeout": -1}, "greater than or equal to 0"),
        ({"connect_timeout": 0}, "greater than 0"),
        ({"max_reconnects": -2}, "greater than or equal to -1"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_an_error(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        NatsSettings.model_validate(wrong)


@pytest.mark.parametrize(
    ("text", "shown", "login"),
    [
        ("here", "nats://here:4222", ("", None)),
        (" here:1 ", "nats://here:1", ("", None)),
        ("tls://here", "tls://here:4222", ("", None)),
        ("nats://[::1]:7", "nats://[::1]:7", ("", None)),
        ("nats://me:p%40ss@here:1/", "nats://here:1", ("me", "p@ss")),
        ("nats://token@here", "nats://here:4222", ("token", None)),
    ],
)
def test_a_server_is_a_host_and_perhaps_a_port_and_a_login(
    text: str, shown: str, login: tuple[str, str | None]
) -> None:
    address = parse_address(text)
    assert str(address) == shown
    assert (address.user, address.password) == login


def test_the_keys_of_the_original_mean_the_same() -> None:
    assert NatsSettings().place == "nats_url nats://localhost:4222"
    assert NatsSettings().bucket == "tarmac"
    settings = NatsSettings.model_validate({"servers": "one two:7", "skip_tls_verify": "true"})
    assert settings.place == "nats_servers nats://one:4222, nats://two:7"
    assert settings.skip_tls_verify
    both = NatsSettings.model_validate({"url": "nats://zero", "servers": "one"})
    assert both.place == "nats_servers nats://zero:4222, nats://one:4222"


def test_the_plugin_loads_no_driver() -> None:
    program = "import sys, tarmac_kv_nats.plugin; sys.exit('nats' in sys.modules or 'google.protobuf' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

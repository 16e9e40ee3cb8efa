"""What core reads of the plugin."""

import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_kv import KVBackend
from tarmac_kv_cassandra.address import parse_address
from tarmac_kv_cassandra.plugin import CassandraPlugin
from tarmac_kv_cassandra.settings import CassandraSettings

from tarmac_core.testing import PluginHarness
from tests.services.cassandra import CassandraServer


async def test_nothing_is_left_when_the_store_is_closed(tmp_path: Path, shared_server: CassandraServer) -> None:
    before = set(threading.enumerate())
    handlers = list(logging.getLogger("cassandra").handlers)
    async with PluginHarness(CassandraPlugin, shared_server.settings, data_dir=tmp_path) as plugin:
        store = await plugin.backend("cassandra")
        assert isinstance(store, KVBackend)
        await store.set(b"key", b"value")  # type: ignore[misc]
        assert _clients(shared_server) > 1
    assert set(threading.enumerate()) == before
    assert logging.getLogger("cassandra").handlers == handlers
    assert _clients(shared_server) == 1


def _clients(server: CassandraServer) -> int:
    """How many connections the server has, this question's included."""
    return server.ask("SELECT port FROM system_views.clients").count(b"\0\0\0\4")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "Field required"),
        ({"hosts": ""}, "cassandra_hosts is empty"),
        ({"hosts": "a", "user": "me"}, "cassandra_password is not set"),
        ({"hosts": "a", "password": "secret"}, "cassandra_user is not set"),
        ({"hosts": "a", "tls": True, "tls_key_file": "k"}, "cassandra_tls_cert_file is not set"),
        ({"hosts": "a", "tls_ca_file": "c"}, "cassandra_tls is not set"),
        ({"hosts": "a", "consistency": "most"}, "is none of one, two"),
        ({"hosts": "a", "consistency": "any"}, "is none of one, two"),
        ({"hosts": "a", "keyspace": "a-b"}, "is not a name of 1 to 48"),
        ({"hosts": "a", "table": '"; DROP'}, "is not a name of 1 to 48"),
        ({"hosts": "a", "repl_strategy": "Other"}, "SimpleStrategy"),
        ({"hosts": "a", "replicas": 0}, "greater than or equal to 1"),
        ({"hosts": "cql://a"}, "is not host"),
        ({"hosts": "a:0"}, "is not host"),
        ({"hosts": "a:x"}, "is not host"),
        ({"hosts": "a b:99999"}, "is not host"),
        ({"hosts": "a", "request_timeout": 0}, "greater than 0"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_an_error(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        CassandraSettings.model_validate(wrong)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("here", "here", 9042),
        ("here:1", "here", 1),
        ("127.0.0.1:65535", "127.0.0.1", 65535),
        ("::1", "::1", 9042),
        ("[::1]", "::1", 9042),
        ("[::1]:7", "::1", 7),
    ],
)
def test_an_address_is_a_host_and_perhaps_a_port(text: str, host: str, port: int) -> None:
    assert parse_address(text, 9042) == (host, port)


def test_the_keys_of_the_original_mean_the_same() -> None:
    settings = CassandraSettings.model_validate(
        {"hosts": "one two:7", "port": "0", "consistency": "Quorum", "repl_strategy": "", "replicas": "3"}
    )
    assert [str(address) for address in settings.addresses] == ["one:9042", "two:7"]
    assert (settings.consistency, settings.repl_strategy, settings.replicas) == ("quorum", "SimpleStrategy", 3)


def test_the_plugin_loads_no_driver() -> None:
    program = "import sys, tarmac_kv_cassandra.plugin; sys.exit('cassandra' in sys.modules or 'google' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

"""What core reads of the plugin."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_config_consul.address import Address, parse_address
from tarmac_config_consul.faults import ConsulRefusalError
from tarmac_config_consul.plugin import ConsulPlugin
from tarmac_config_consul.settings import ConsulSettings
from tarmac_config_consul.value import parse

from tarmac_core.config import Raw, RawValue, bind, read_raw
from tarmac_core.plugin import ConfigSourceSpec


def raw_of(**values: str) -> Raw:
    environ = {f"APP_{name.upper()}": text for name, text in values.items()}
    raw, _ = read_raw(environ=environ, file=None, cwd=Path("/"))
    return raw


def test_the_keys_of_the_original_mean_the_same() -> None:
    raw = raw_of(consul_addr="consul:8500", consul_keys_prefix="tarmac/config", config_watch_interval="7")
    settings = bind(ConsulSettings, "consul", raw).settings
    assert settings is not None
    assert (settings.addr, settings.keys_prefix, settings.watch_interval) == ("consul:8500", "tarmac/config", 7)
    assert ConsulPlugin().tarmac_plugin_info().prefix == "consul"


def test_what_is_required_is_told_with_its_variable() -> None:
    told = [str(problem) for problem in bind(ConsulSettings, "consul", raw_of()).problems]
    assert [text.partition(":")[0] for text in told] == ["consul_addr", "consul_keys_prefix"]
    assert "set APP_CONSUL_ADDR" in told[0]


def test_the_source_is_named_by_server_and_key() -> None:
    settings = ConsulSettings(addr="here:1", keys_prefix="/a/b", token="hunter2")
    (spec,) = ConsulPlugin().tarmac_config_sources(settings)
    assert isinstance(spec, ConfigSourceSpec)
    assert (spec.name, spec.place) == ("consul", "here:1 a/b")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"addr": ""}, "is not host:port"),
        ({"addr": "a:0"}, "is not host:port"),
        ({"addr": "a:99999"}, "the port must be"),
        ({"addr": "http://user:pw@a:1"}, "is not host:port"),
        ({"addr": "a/path"}, "is not host:port"),
        ({"addr": "https://a/v1?x"}, "is not host:port"),
        ({"addr": "ftp://a"}, "is not host:port, http://"),
        ({"addr": "unix://a"}, "is no path of a socket"),
        ({"addr": "http://a", "tls": "true"}, "write https://"),
        ({"addr": "a b"}, "is not host:port"),
        ({"keys_prefix": " / "}, "is empty"),
        ({"keys_prefix": "a//b"}, "has an empty part"),
        ({"keys_prefix": "a/../b"}, "has an empty part, . or .."),
        ({"token": "two words"}, "is no token"),
        ({"token": "line\nbreak"}, "is no token"),
        ({"token": "grün"}, "is no token"),
        ({"tls": "true", "tls_key_file": "k"}, "consul_tls_cert_file is not set"),
        ({"tls_ca_file": "c"}, "consul_tls is not set"),
        ({"timeout": "0"}, "greater than 0"),
        ({"watch_interval": "-1"}, "greater than or equal to 0"),
        ({"watch_interval": "601"}, "less than or equal to 600"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_an_error(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        ConsulSettings.model_validate({"addr": "a:1", "keys_prefix": "b", **wrong})


@pytest.mark.parametrize(
    ("text", "tls", "expected"),
    [
        ("here", False, "http://here:8500"),
        ("here", True, "https://here:8501"),
        ("here:1", True, "https://here:1"),
        ("[::1]", False, "http://[::1]:8500"),
        ("[::1]:7", False, "http://[::1]:7"),
        (" http://here ", False, "http://here:80"),
        ("https://here/", False, "https://here:443"),
        ("https://here:8501", True, "https://here:8501"),
        ("unix:///run/consul.sock", False, "http://consul"),
    ],
)
def test_an_address_may_be_spelt_in_several_ways(text: str, tls: bool, expected: str) -> None:
    assert parse_address(text, tls=tls).url == expected


def test_a_socket_is_a_path() -> None:
    assert parse_address("unix:///run/a.sock", tls=False) == Address("http", socket_path="/run/a.sock")


@pytest.mark.parametrize(
    "value", [b"\xff{}", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'{"a": 1} x', b"\xef\xbb\xbf{}"]
)
def test_what_cannot_be_read_is_told_in_words(value: bytes) -> None:
    with pytest.raises(ConsulRefusalError, match="holds "):
        parse(value)


@pytest.mark.parametrize("member", [b'{"a":%s}', b"[%s]"])
def test_what_is_nested_deeper_than_settings_are_is_refused(member: bytes) -> None:
    value = b"1"
    for _ in range(63):
        value = member % value
    assert parse(b'{"a": %s}' % value)
    for depth in (64, 300, 900):
        value = b"1"
        for _ in range(depth):
            value = member % value
        with pytest.raises(ConsulRefusalError, match="nested too deeply"):
            parse(b'{"a": %s}' % value)


def test_secrets_of_the_value_are_masked_where_they_are_shown() -> None:
    raw = Raw({}, {}, raw_of().references).with_remote({"consul": {"token": "hunter2"}}, "consul here key")
    assert raw.values["consul_token"] == RawValue("hunter2", "consul here key")
    assert "hunter2" not in str(bind(ConsulSettings, "consul", raw).rows)


def test_the_plugin_loads_no_driver() -> None:
    program = "import sys, tarmac_config_consul.plugin; sys.exit('aiohttp' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

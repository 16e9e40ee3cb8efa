"""Tokens and TLS, against agents that insist on them."""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trustme
from tarmac_config_consul.settings import ConsulSettings
from tarmac_config_consul.tls import tls_context

from tarmac_core.registry import StepError
from tests.services.consul import ConsulServer

KEY = "tarmac/config"
OpenConsul = Callable[..., AbstractAsyncContextManager[Any]]


async def fault_of(opening: AbstractAsyncContextManager[Any]) -> str:
    with pytest.raises(StepError) as info:
        async with opening:
            raise AssertionError("it opens")
    assert info.value.what.startswith("open failed: ")
    return info.value.what


async def test_a_token_that_may_read_the_key_is_enough(guarded_server: ConsulServer, open_with: OpenConsul) -> None:
    token = guarded_server.token_for(KEY)
    async with open_with(addr=guarded_server.address, token=token) as consul:
        assert await consul.read() == {"debug": True}


@pytest.mark.parametrize("token", ["", "6a1253d2-1785-24fd-91c2-f8e78c745511"], ids=["none", "unknown"])
async def test_a_token_that_may_not_read_the_key_is_told_without_it(
    guarded_server: ConsulServer, open_with: OpenConsul, token: str
) -> None:
    told = await fault_of(open_with(addr=guarded_server.address, token=token))
    assert told.startswith(f"open failed: consul_addr {guarded_server.address}, key {KEY}: may not be read: ")
    assert "consul_token" in told
    assert not token or token not in told


async def test_a_token_for_another_key_is_not_enough(guarded_server: ConsulServer, open_with: OpenConsul) -> None:
    token = guarded_server.token_for("other")
    told = await fault_of(open_with(addr=guarded_server.address, token=token))
    assert "consul_token" in told
    assert token not in told


async def test_a_token_that_is_taken_away_leaves_the_last_settings(
    guarded_server: ConsulServer, open_with: OpenConsul
) -> None:
    token = guarded_server.token_for(KEY)
    async with open_with(addr=guarded_server.address, token=token, watch_interval=1) as consul, consul.followed():
        guarded_server.take_away(token)
        told = await consul.until_told("may not be read")
        assert token not in told
        assert await consul.read() == {"debug": True}


async def test_the_variables_of_consuls_own_clients_are_read_for_what_is_not_set(
    guarded_server: ConsulServer, open_with: OpenConsul, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = guarded_server.token_for(KEY)
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", token)
    monkeypatch.setenv("CONSUL_HTTP_ADDR", "127.0.0.1:1")
    monkeypatch.setenv("CONSUL_CACERT", "nowhere.pem")
    async with open_with(addr=guarded_server.address) as consul:
        assert await consul.read() == {"debug": True}
    assert "may not be read" in await fault_of(open_with(addr=guarded_server.address, token="6a1253d2"))
    (tmp_path / "token").write_text(f"{token}\n")
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "6a1253d2")
    monkeypatch.setenv("CONSUL_HTTP_TOKEN_FILE", str(tmp_path / "token"))
    async with open_with(addr=guarded_server.address) as consul:
        assert await consul.read() == {"debug": True}


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CONSUL_HTTP_SSL", "perhaps", "CONSUL_HTTP_SSL: "),
        ("CONSUL_HTTP_TOKEN", "two words", "CONSUL_HTTP_TOKEN: "),
        ("CONSUL_HTTP_TOKEN_FILE", "nowhere", "CONSUL_HTTP_TOKEN_FILE: nowhere cannot be read"),
    ],
)
async def test_a_variable_that_is_wrong_is_named_without_its_value(
    open_with: OpenConsul, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    told = await fault_of(open_with(addr="127.0.0.1:1"))
    assert words in told
    assert "two words" not in told


class Files:
    """Certificates of one authority, on disk; a server that asks for the client's."""

    def __init__(self, folder: Path, authority: trustme.CA) -> None:
        self.ca = folder / "ca.pem"
        self.other_ca = folder / "other.pem"
        authority.cert_pem.write_to_path(self.ca)
        trustme.CA().cert_pem.write_to_path(self.other_ca)
        self.server = self._issue(folder / "server", authority, "server.dc1.consul")
        self.client = self._issue(folder / "client", authority, "tarmac")

    def _issue(self, path: Path, authority: trustme.CA, name: str) -> tuple[str, str]:
        issued = authority.issue_cert(name)
        issued.private_key_pem.write_to_path(f"{path}.key")
        for number, chain in enumerate(issued.cert_chain_pems):
            chain.write_to_path(f"{path}.pem", append=number > 0)
        return f"{path}.pem", f"{path}.key"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Files:
    return Files(tmp_path_factory.mktemp("tls"), authority)


@pytest.fixture(scope="module")
def tls_server(files: Files) -> Iterator[ConsulServer]:
    members = {"cert_file": files.server[0], "key_file": files.server[1], "ca_file": str(files.ca)}
    with ConsulServer(tls={**members, "verify_incoming_https": True}) as server:
        server.put(KEY, {"debug": True})
        yield server


async def test_tls_with_both_certificates_works(tls_server: ConsulServer, open_with: OpenConsul, files: Files) -> None:
    cert, key = files.client
    settings = {"tls_ca_file": str(files.ca), "tls_cert_file": cert, "tls_key_file": key}
    name = "server.dc1.consul"
    async with open_with(addr=f"https://127.0.0.1:{tls_server.tls_port}", tls_server_name=name, **settings) as consul:
        assert await consul.read() == {"debug": True}
    address = f"127.0.0.1:{tls_server.tls_port}"
    async with open_with(addr=address, tls=True, tls_verify=False, **settings) as consul:
        assert await consul.read() == {"debug": True}


async def test_tls_is_taken_from_the_variables(
    tls_server: ConsulServer, open_with: OpenConsul, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "CONSUL_HTTP_SSL": "true",
        "CONSUL_CACERT": str(files.ca),
        "CONSUL_CLIENT_CERT": files.client[0],
        "CONSUL_CLIENT_KEY": files.client[1],
        "CONSUL_TLS_SERVER_NAME": "server.dc1.consul",
    }.items():
        monkeypatch.setenv(name, value)
    async with open_with(addr=f"127.0.0.1:{tls_server.tls_port}") as consul:
        assert await consul.read() == {"debug": True}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tls_ca_file": "{other_ca}"}, "the server's certificate is refused: .*consul_tls_ca_file"),
        ({"tls_server_name": ""}, "the server's certificate is refused: .*consul_tls_server_name"),
        ({"tls_cert_file": "", "tls_key_file": ""}, "TLS failed: .*CERTIFICATE.*consul_tls_cert_file"),
        ({"tls_ca_file": "nowhere.pem"}, "consul_tls_ca_file: nowhere.pem cannot be used"),
        ({"tls_cert_file": "nowhere.pem"}, "consul_tls_cert_file, consul_tls_key_file: cannot be used"),
        ({"tls_key_file": "{server_key}"}, "consul_tls_cert_file, consul_tls_key_file: cannot be used"),
    ],
    ids=["authority", "name", "no client certificate", "no authority file", "no client file", "another key"],
)
async def test_a_wrong_certificate_is_told_with_its_setting(
    tls_server: ConsulServer, open_with: OpenConsul, files: Files, wrong: dict[str, str], words: str
) -> None:
    settings = {
        "tls_ca_file": str(files.ca),
        "tls_cert_file": files.client[0],
        "tls_key_file": files.client[1],
        "tls_server_name": "server.dc1.consul",
    }
    settings |= {name: text.format(other_ca=files.other_ca, server_key=files.server[1]) for name, text in wrong.items()}
    told = await fault_of(open_with(addr=f"https://127.0.0.1:{tls_server.tls_port}", **settings))
    assert re.search(words, told), told


async def test_tls_to_a_plain_port_and_the_reverse_are_told(
    tls_server: ConsulServer, open_with: OpenConsul, files: Files
) -> None:
    told = await fault_of(open_with(addr=f"https://{tls_server.address}", tls_ca_file=str(files.ca)))
    assert "TLS failed: " in told
    assert "consul_tls" in told
    told = await fault_of(open_with(addr=f"127.0.0.1:{tls_server.tls_port}"))
    assert "400 Client sent an HTTP request to an HTTPS server" in told
    assert "consul_tls" in told


def test_old_versions_of_tls_are_not_spoken(files: Files) -> None:
    settings = ConsulSettings(addr="https://a", keys_prefix="b", tls_ca_file=str(files.ca))
    assert tls_context(settings).minimum_version == ssl.TLSVersion.TLSv1_2

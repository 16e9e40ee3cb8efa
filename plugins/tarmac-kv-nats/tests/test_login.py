"""Who may come in: users, tokens, keys, TLS; and what is said when not."""

import asyncio
import base64
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nkeys  # type: ignore[import-untyped]
import pytest
from tarmac_kv import KVError
from tarmac_kv_nats.faults import NatsOpenError
from tarmac_kv_nats.plugin import NatsPlugin

from tarmac_core.registry import StepError
from tarmac_core.testing import PluginHarness
from tests.services.nats import NatsServer
from tests.services.process import free_port

PAGE = Path(__file__).resolve().parents[3] / "docs" / "plugins" / "kv-nats.md"
SECRET = "s3cret/w@rd"
TOKEN = "s3cret-token"
LIMITED = '{ publish: ["$JS.API.>", "$KV.tarmac.own.>", "_INBOX.>"] }'


@pytest.fixture(scope="module")
def guarded() -> Iterator[NatsServer]:
    users = f'{{ user: all, password: "{SECRET}" }}, {{ user: some, password: "{SECRET}", permissions: {LIMITED} }}'
    users += f', {{ user: deaf, password: "{SECRET}", permissions: {{ subscribe: "none" }} }}'
    with NatsServer(f"authorization {{ timeout: 2, users: [{users}] }}") as server:
        yield server


def tls_server(files: Path, certificate: str = "server.pem", *more: str, scheme: str = "nats") -> NatsServer:
    lines = [f'cert_file: "{files / certificate}"', f'key_file: "{files / certificate}"', f'ca_file: "{files}/ca.pem"']
    return NatsServer("tls {", *lines, *more, "}", scheme=scheme)


@pytest.fixture(scope="module")
def tls(files: Path) -> Iterator[NatsServer]:
    """A server that only lets clients in that have a certificate."""
    with tls_server(files, "server.pem", "verify: true") as server:
        yield server


async def refused(**settings: Any) -> str:
    """The message of a start that fails, which it must do at once and without the secret."""
    began_s = time.monotonic()
    with pytest.raises(StepError) as raised:
        async with PluginHarness(NatsPlugin, settings, data_dir=Path()) as plugin:
            await plugin.backend()
    assert isinstance(raised.value.__cause__, NatsOpenError)
    assert time.monotonic() - began_s < 2.5
    text = str(raised.value)
    assert "kvstore.nats: " in text
    assert "s3cret" not in text
    return text


async def works(**settings: Any) -> None:
    async with PluginHarness(NatsPlugin, settings, data_dir=Path()) as plugin:
        store = await plugin.backend()
        await store.set(b"own.key", b"value")
        assert await store.get(b"own.key") == b"value"


async def test_the_right_password_lets_in(guarded: NatsServer) -> None:
    await works(url=guarded.url, user="all", password=SECRET)


async def test_a_login_in_the_url_lets_in(guarded: NatsServer) -> None:
    await works(url=f"nats://all:s3cret%2Fw%40rd@127.0.0.1:{guarded.port}")


@pytest.mark.parametrize(
    "login", [{"user": "all", "password": SECRET + "x"}, {"user": "nobody", "password": SECRET}, {}], ids=str
)
async def test_a_wrong_login_ends_the_start(guarded: NatsServer, login: dict[str, str]) -> None:
    text = await refused(url=guarded.url, **login)
    assert f"nats_url {guarded.url}: the login is refused: " in text
    assert "nats_user, nats_password" in text


async def test_a_wrong_login_in_the_url_is_not_shown(guarded: NatsServer) -> None:
    text = await refused(url=f"nats://all:{TOKEN}@127.0.0.1:{guarded.port}")
    assert f"nats_url {guarded.url}: the login is refused: " in text


async def test_a_token_lets_in_and_a_wrong_one_does_not() -> None:
    with NatsServer(f'authorization {{ token: "{TOKEN}" }}') as server:
        await works(url=server.url, token=TOKEN)
        await works(url=f"nats://{TOKEN}@127.0.0.1:{server.port}")
        assert "nats_token" in await refused(url=server.url, token=TOKEN + "x")


async def test_what_a_user_may_not_do_is_said_at_once_without_names(guarded: NatsServer) -> None:
    settings = {"url": guarded.url, "user": "some", "password": SECRET}
    async with PluginHarness(NatsPlugin, settings, data_dir=Path()) as plugin:
        store = await plugin.backend()
        began_s = time.monotonic()
        for _ in range(3):
            with pytest.raises(KVError, match=r"^the store refuses this user$"):
                await store.set(b"foreign.key", b"value")
        assert time.monotonic() - began_s < 5
        await store.set(b"own.key", b"still works")
        (warning,) = [message for message in plugin.records.messages() if "may not" in message]
        assert "$kv.tarmac.foreign.key" in warning


async def test_the_permissions_that_the_page_lists_are_enough() -> None:
    (listed,) = re.findall(r"\* \*\*A user\*\* needs(.*?)\n\n", PAGE.read_text(), re.DOTALL)
    *publish, subscribe = [name.replace("BUCKET", "tarmac") for name in re.findall(r"`([$_A-Z].*?)`", listed)]
    rights = json.dumps({"publish": publish, "subscribe": [subscribe]})
    with NatsServer(
        f'authorization {{ users: [{{ user: me, password: "{SECRET}", permissions: {rights} }}] }}'
    ) as server:
        settings = {"url": server.url, "user": "me", "password": SECRET}
        async with PluginHarness(NatsPlugin, settings, data_dir=Path()) as plugin:
            store = await plugin.backend()
            await store.set(b"a.b", b"value", ttl_ms=60_000)
            assert await store.get(b"a.b") == b"value"
            assert await store.cas(b"a.b", expected=b"value", value=b"new")
            assert await store.cas(b"other", expected=None, value=b"new")
            assert (await store.keys(prefix=b"a.", limit=10)).keys == [b"a.b"]
            await store.delete(b"a.b")
            assert await store.cas(b"other", expected=b"new", value=None)
            assert (await store.keys()).keys == []
            await store.health()
            assert plugin.records.messages(logging.WARNING) == []


async def test_a_password_that_is_changed_is_told_and_the_right_one_works_again(tmp_path: Path) -> None:
    server = NatsServer("include login.conf")
    secret = server.folder / "login.conf"
    secret.write_text(f'authorization {{ token: "{TOKEN}" }}')
    with server:
        settings = {"url": server.url, "token": TOKEN, "reconnect_wait": 0.1}
        async with PluginHarness(NatsPlugin, settings, data_dir=tmp_path) as plugin:
            store = await plugin.backend()
            for token, is_right in (("another", False), (TOKEN, True)):
                server.kill()
                secret.write_text(f'authorization {{ token: "{token}" }}')
                server.start()
                await asyncio.sleep(0.5)
                if is_right:
                    await store.health()
                else:
                    with pytest.raises(KVError, match="cannot be reached"):
                        await store.health()
            assert any("the login is refused" in text for text in plugin.records.messages(logging.WARNING))
            assert TOKEN not in str(plugin.records.messages())


async def test_a_user_who_may_hear_no_answers_ends_the_start(guarded: NatsServer) -> None:
    text = await refused(url=guarded.url, user="deaf", password=SECRET)
    assert "the user may not do this: permissions violation for subscription" in text


def key_pair(prefix: int) -> tuple[str, nkeys.KeyPair]:
    seed = nkeys.encode_seed(os.urandom(32), prefix)
    return seed.decode(), nkeys.from_seed(bytearray(seed))


async def test_an_nkey_lets_in_and_another_does_not(tmp_path: Path) -> None:
    seed, pair = key_pair(nkeys.PREFIX_BYTE_USER)
    other, _ = key_pair(nkeys.PREFIX_BYTE_USER)
    (tmp_path / "seed").write_text(seed + "\n")
    (tmp_path / "other").write_text(other)
    (tmp_path / "empty").write_text("")
    with NatsServer(f"authorization {{ users: [{{ nkey: {pair.public_key.decode()} }}] }}") as server:
        await works(url=server.url, nkey_seed_file=str(tmp_path / "seed"))
        assert "the login is refused" in await refused(url=server.url, nkey_seed_file=str(tmp_path / "other"))
        assert "holds no seed" in await refused(url=server.url, nkey_seed_file=str(tmp_path / "empty"))
        text = await refused(url=server.url, nkey_seed_file=str(tmp_path / "missing"))
        assert f"nats_nkey_seed_file: {tmp_path}/missing cannot be read" in text


def signed(issuer: nkeys.KeyPair, subject: str, kind: str, **claims: Any) -> str:
    """A JWT as NATS has them."""

    def part(content: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    body = {"jti": os.urandom(8).hex(), "iat": int(time.time()), "iss": issuer.public_key.decode(), "sub": subject}
    text = f"{part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{part({**body, 'nats': {'type': kind, 'version': 2, **claims}})}"
    return f"{text}.{base64.urlsafe_b64encode(issuer.sign(text.encode())).decode().rstrip('=')}"


async def test_a_credentials_file_lets_in(tmp_path: Path) -> None:
    _, operator = key_pair(nkeys.PREFIX_BYTE_OPERATOR)
    _, account = key_pair(nkeys.PREFIX_BYTE_ACCOUNT)
    _, system = key_pair(nkeys.PREFIX_BYTE_ACCOUNT)
    seed, user = key_pair(nkeys.PREFIX_BYTE_USER)
    name, of_system = account.public_key.decode(), system.public_key.decode()
    unlimited = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
    space = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)
    told = signed(operator, operator.public_key.decode(), "operator")
    of_account = signed(operator, name, "account", limits={**unlimited, **space, "wildcards": True})
    accounts = {name: of_account, of_system: signed(operator, of_system, "account", limits=unlimited)}
    of_user = signed(account, user.public_key.decode(), "user", subs=-1, data=-1, payload=-1)
    (tmp_path / "user.creds").write_text(
        f"-----BEGIN NATS USER JWT-----\n{of_user}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
    lines = [f"operator: {told}", f"system_account: {of_system}", "resolver: MEMORY"]
    with NatsServer(*lines, f"resolver_preload: {json.dumps(accounts)}") as server:
        await works(url=server.url, credentials_file=str(tmp_path / "user.creds"))
        assert "the login is refused" in await refused(url=server.url)


async def test_a_credentials_file_without_credentials_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.creds").write_text("nothing\n")
    text = await refused(credentials_file=str(tmp_path / "empty.creds"))
    assert "nats_credentials_file: " in text
    assert "not both a JWT and a seed" in text


async def test_a_server_without_jetstream_is_named() -> None:
    with NatsServer(jetstream="enabled: false") as server:
        text = await refused(url=server.url)
        assert f"nats_url {server.url}: JetStream does not answer for the bucket tarmac" in text


async def test_a_refused_port_ends_the_start_at_once() -> None:
    port = free_port()
    text = await refused(url=f"127.0.0.1:{port}")
    assert f"nats_url nats://127.0.0.1:{port}: " in text
    assert "Connect call failed" in text


async def test_a_server_that_hangs_up_instead_of_greeting_ends_the_start() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"max_payload": 1000}\r\n')
        await reader.readline()
        await reader.readline()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert "the server cut the connection" in await refused(url=f"127.0.0.1:{port}", request_timeout=1)


async def test_an_unknown_host_ends_the_start() -> None:
    assert "nats_url nats://nats.invalid:4222: the host name cannot be resolved" in await refused(url="nats.invalid")


async def test_one_server_of_several_is_enough(shared_server: NatsServer) -> None:
    dead = f"nats://127.0.0.1:{free_port()}"
    for _ in range(4):
        await works(servers=[dead, shared_server.url])
    text = await refused(servers=[dead, "nats.invalid"])
    assert f"nats_servers {dead}, nats://nats.invalid:4222: " in text


async def test_tls_with_a_client_certificate(tls: NatsServer, files: Path) -> None:
    await works(url=tls.url, tls_ca_file=str(files / "ca.pem"), tls_cert_file=str(files / "client.pem"))


@pytest.mark.parametrize("certificate", ["", "stranger.pem"], ids=["none", "untrusted"])
async def test_a_client_certificate_the_server_does_not_take_ends_the_start(
    tls: NatsServer, files: Path, certificate: str
) -> None:
    client = {"tls_cert_file": str(files / certificate)} if certificate else {}
    assert "nats_tls_cert_file" in await refused(url=tls.url, tls_ca_file=str(files / "ca.pem"), **client)


async def test_a_server_that_no_trusted_authority_signed_ends_the_start(tls: NatsServer, files: Path) -> None:
    for trusted in ({}, {"tls_ca_file": str(files / "stranger-ca.pem")}):
        text = await refused(url=tls.url, **trusted)
        assert "its certificate is refused" in text
        assert "nats_tls_ca_file" in text


async def test_another_host_name_ends_the_start_unless_allowed(files: Path) -> None:
    ca_file = str(files / "ca.pem")
    with tls_server(files, "other-host.pem") as server:
        assert "nats_tls_hostname" in await refused(url=server.url, tls_ca_file=ca_file)
        await works(url=server.url, tls_ca_file=ca_file, tls_hostname="nats.example")
        await works(url=server.url, skip_tls_verify=True)


async def test_a_server_that_wants_tls_first_gets_it(files: Path) -> None:
    with tls_server(files, "server.pem", "handshake_first: true", scheme="tls") as server:
        await works(url=server.url, tls_ca_file=str(files / "ca.pem"), tls_first=True)


@pytest.mark.parametrize("asked", ["tls", "scheme", "tls_ca_file", "tls_first"])
async def test_nothing_secret_is_told_to_a_server_without_tls(guarded: NatsServer, files: Path, asked: str) -> None:
    settings: dict[str, Any] = {"url": guarded.url, "user": "all", "password": SECRET, "connect_timeout": 1}
    if asked == "scheme":
        settings["url"] = guarded.url.replace("nats:", "tls:")
    else:
        settings[asked] = str(files / "ca.pem") if asked == "tls_ca_file" else True
    text = await refused(**settings)
    assert "TLS" in text
    assert "login" not in text


@pytest.mark.parametrize("key", ["tls_ca_file", "tls_cert_file"])
async def test_a_file_that_cannot_be_used_is_named(files: Path, key: str) -> None:
    text = await refused(url="127.0.0.1", **{key: str(files / "missing.pem")})
    assert f"nats_{key}" in text
    assert "missing.pem" in text or "No such file" in text

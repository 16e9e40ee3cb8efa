"""Who may come in: passwords, users, databases, TLS; and what is said when not."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tarmac_kv import KVError
from tarmac_kv_redis.faults import RedisOpenError
from tarmac_kv_redis.plugin import RedisPlugin
from tarmac_kv_redis.settings import RedisSettings
from tarmac_kv_redis.tls import tls_context

from tarmac_core.registry import StepError
from tarmac_core.testing import PluginHarness
from tests.services.process import free_port
from tests.services.redis import RedisServer, tls_options

SECRET = "s3cret-word"


@pytest.fixture(scope="module")
def guarded() -> Iterator[RedisServer]:
    users = [f"default on >{SECRET} ~* +@all", f"reader on >{SECRET} ~own/* +get +set +ping", "nothing on >x ~* -@all"]
    with RedisServer(users=users) as server:
        yield server


@pytest.fixture(scope="module")
def tls(files: Path) -> Iterator[RedisServer]:
    """A server that only lets clients in that have a certificate."""
    with RedisServer(tls_options(files, "server.pem"), tls=True) as server:
        yield server


async def refused(**settings: Any) -> str:
    """The message of a start that fails, which it must do at once and without the secret."""
    began_s = time.monotonic()
    with pytest.raises(StepError) as raised:
        async with PluginHarness(RedisPlugin, settings, data_dir=Path()) as plugin:
            await plugin.backend()
    assert isinstance(raised.value.__cause__, RedisOpenError)
    assert time.monotonic() - began_s < 2.5
    text = str(raised.value)
    assert "kvstore.redis: " in text
    assert SECRET not in text
    return text


async def works(**settings: Any) -> None:
    async with PluginHarness(RedisPlugin, settings, data_dir=Path()) as plugin:
        store = await plugin.backend()
        await store.set(b"own/key", b"value")
        assert await store.get(b"own/key") == b"value"


async def test_the_right_password_lets_in(guarded: RedisServer) -> None:
    await works(server=guarded.address, password=SECRET)


async def test_a_user_comes_in_with_few_permissions(guarded: RedisServer) -> None:
    await works(server=guarded.address, user="reader", password=SECRET)


async def test_what_a_user_may_not_do_is_said_without_names(guarded: RedisServer) -> None:
    settings = {"server": guarded.address, "user": "reader", "password": SECRET}
    async with PluginHarness(RedisPlugin, settings, data_dir=Path()) as plugin:
        store = await plugin.backend()
        with pytest.raises(KVError, match=r"^the store refuses this user$"):
            await store.get(b"foreign/key")
        with pytest.raises(KVError, match=r"^the store refuses this user$"):
            await store.keys()
        await store.set(b"own/key", b"still works")


@pytest.mark.parametrize(
    "login", [{"password": SECRET + "x"}, {"user": "nobody", "password": SECRET}, {}], ids=["password", "user", "none"]
)
async def test_a_wrong_login_ends_the_start(guarded: RedisServer, login: dict[str, str]) -> None:
    text = await refused(server=guarded.address, **login)
    assert f"redis_server {guarded.address}: the login is refused: " in text
    assert "redis_password" in text


async def test_a_user_who_may_nothing_ends_the_start(guarded: RedisServer) -> None:
    assert "redis_user" in await refused(server=guarded.address, user="nothing", password="x")


async def test_databases_are_apart(shared_server: RedisServer) -> None:
    address = shared_server.address
    async with PluginHarness(RedisPlugin, {"server": address, "database": 3}, data_dir=Path()) as plugin:
        await (await plugin.backend()).set(b"in three", b"value")
    async with PluginHarness(RedisPlugin, {"server": address, "database": 4}, data_dir=Path()) as plugin:
        assert await (await plugin.backend()).get(b"in three") is None


async def test_a_database_that_is_not_there_ends_the_start(shared_server: RedisServer) -> None:
    text = await refused(server=shared_server.address, database=99)
    assert "no such database" in text
    assert "redis_database" in text


async def test_a_refused_port_ends_the_start_at_once() -> None:
    port = free_port()
    text = await refused(server=f"127.0.0.1:{port}")
    assert f"redis_server 127.0.0.1:{port}: " in text
    assert "refused" in text.lower() or "Connect call failed" in text


async def test_an_unknown_host_ends_the_start() -> None:
    assert "redis_server redis.invalid:6379: the host name cannot be resolved" in await refused(server="redis.invalid")


async def test_tls_with_a_client_certificate(tls: RedisServer, files: Path) -> None:
    await works(
        server=tls.address, tls=True, tls_ca_file=str(files / "ca.pem"), tls_cert_file=str(files / "client.pem")
    )


async def test_tls_without_a_client_certificate_where_the_server_asks_for_none(files: Path) -> None:
    with RedisServer(tls_options(files, "server.pem", clients="no"), tls=True) as server:
        await works(server=server.address, tls=True, tls_ca_file=str(files / "ca.pem"))


@pytest.mark.parametrize("certificate", ["", "stranger.pem"], ids=["none", "untrusted"])
async def test_a_client_certificate_the_server_does_not_take_ends_the_start(
    tls: RedisServer, files: Path, certificate: str
) -> None:
    client = {"tls_cert_file": str(files / certificate)} if certificate else {}
    text = await refused(server=tls.address, tls=True, tls_ca_file=str(files / "ca.pem"), **client)
    assert "redis_tls_cert_file" in text


async def test_a_server_that_no_trusted_authority_signed_ends_the_start(tls: RedisServer, files: Path) -> None:
    for trusted in ({}, {"tls_ca_file": str(files / "stranger-ca.pem")}):
        text = await refused(server=tls.address, tls=True, **trusted)
        assert "its certificate is refused" in text
        assert "redis_tls_ca_file" in text


async def test_only_the_named_authority_is_trusted(files: Path) -> None:
    context = tls_context(RedisSettings(server="a", tls=True, tls_ca_file=str(files / "ca.pem")))
    assert len(context.get_ca_certs()) == 1
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


async def test_another_host_name_ends_the_start_unless_allowed(files: Path) -> None:
    ca_file, client = str(files / "ca.pem"), str(files / "client.pem")
    with RedisServer(tls_options(files, "other-host.pem"), tls=True) as server:
        settings = {"server": server.address, "tls": True, "tls_ca_file": ca_file, "tls_cert_file": client}
        assert "redis_hostname_verify" in await refused(**settings)
        await works(**settings, hostname_verify=False)
        await works(**(settings | {"tls_ca_file": ""}), tls_verify=False)


async def test_a_client_without_tls_is_told_so(tls: RedisServer) -> None:
    assert "redis_tls and" in await refused(server=tls.address)


async def test_a_server_without_tls_is_named(shared_server: RedisServer) -> None:
    assert "does the server speak TLS" in await refused(server=shared_server.address, tls=True, connect_timeout=1)


@pytest.mark.parametrize("key", ["tls_ca_file", "tls_cert_file"])
async def test_a_file_that_cannot_be_used_is_named(files: Path, key: str) -> None:
    text = await refused(server="127.0.0.1", tls=True, **{key: str(files / "missing.pem")})
    assert f"redis_{key}" in text
    assert "missing.pem" in text or "No such file" in text

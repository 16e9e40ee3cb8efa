"""Who may come in: users, passwords, permissions, TLS; and what is said when not."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from tarmac_kv import KVError
from tarmac_kv_cassandra.faults import CassandraOpenError
from tarmac_kv_cassandra.plugin import CassandraPlugin
from tarmac_kv_cassandra.settings import CassandraSettings
from tarmac_kv_cassandra.tls import tls_context

from tarmac_core.registry import StepError
from tarmac_core.testing import PluginHarness
from tests.services.cassandra import CassandraServer
from tests.services.process import free_port

SECRET = "s3cret-word"


@pytest.fixture(scope="module")
def guarded(shared_server: CassandraServer) -> CassandraServer:
    """With a table `guarded.hord`, and users who may read and write it, only read it, or nothing."""
    statements = [
        "CREATE KEYSPACE guarded WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        "CREATE TABLE guarded.hord (key blob PRIMARY KEY, data blob)",
        *(f"CREATE ROLE {name} WITH PASSWORD = '{SECRET}' AND LOGIN = true" for name in ("writer", "reader", "nobody")),
        "GRANT SELECT ON guarded.hord TO writer",
        "GRANT MODIFY ON guarded.hord TO writer",
        "GRANT SELECT ON guarded.hord TO reader",
    ]
    for statement in statements:
        shared_server.ask(statement)
    return shared_server


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ca.pem`, `server.pem`, `client.pem`, and `stranger.pem` of an authority that nobody trusts, `stranger-ca.pem`."""
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    stranger.cert_pem.write_to_path(folder / "stranger-ca.pem")
    server = authority.issue_cert("127.0.0.1")
    # Java reads PKCS 8 only.
    key = load_pem_private_key(server.private_key_pem.bytes(), None)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(text + b"".join(pem.bytes() for pem in server.cert_chain_pems))
    for name, issuer in (("client", authority), ("stranger", stranger)):
        certificate = issuer.issue_cert("client@example.org")
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    return folder


@pytest.fixture(scope="module")
def tls(files: Path) -> Iterator[CassandraServer]:
    """Speaks TLS only, and asks for a certificate."""
    encryption = {
        "enabled": True,
        "require_client_auth": True,
        "ssl_context_factory": {"class_name": "org.apache.cassandra.security.PEMBasedSslContextFactory"},
        "keystore": str(files / "server.pem"),
        "truststore": str(files / "ca.pem"),
    }
    client = ssl.create_default_context(cafile=str(files / "ca.pem"))
    client.load_cert_chain(files / "client.pem")
    with CassandraServer({"client_encryption_options": encryption}, tls=client) as server:
        yield server


def with_client(server: CassandraServer, files: Path) -> dict[str, Any]:
    paths = {"tls_ca_file": "ca.pem", "tls_cert_file": "client.pem"}
    return server.settings | {"tls": True} | {name: str(files / path) for name, path in paths.items()}


async def refused(settings: dict[str, Any], limit_s: float = 2.5) -> str:
    """The message of a start that fails, which it must do at once and without the secret."""
    began_s = time.monotonic()
    with pytest.raises(StepError) as raised:
        async with PluginHarness(CassandraPlugin, settings, data_dir=Path()) as plugin:
            await plugin.backend()
    assert isinstance(raised.value.__cause__, CassandraOpenError)
    assert time.monotonic() - began_s < limit_s
    text = str(raised.value)
    assert "kvstore.cassandra: " in text
    assert SECRET not in text
    return text


async def works(settings: dict[str, Any]) -> None:
    async with PluginHarness(CassandraPlugin, settings, data_dir=Path()) as plugin:
        store = await plugin.backend()
        await store.set(b"key", b"value")
        assert await store.get(b"key") == b"value"


async def test_a_user_comes_in_who_may_only_use_the_table(guarded: CassandraServer) -> None:
    await works(guarded.settings | {"user": "writer", "password": SECRET, "keyspace": "guarded"})


async def test_what_a_user_may_not_do_is_said_without_names(guarded: CassandraServer) -> None:
    settings = guarded.settings | {"user": "reader", "password": SECRET, "keyspace": "guarded"}
    async with PluginHarness(CassandraPlugin, settings, data_dir=Path()) as plugin:
        store = await plugin.backend()
        for change in (store.set(b"key", b""), store.delete(b"key"), store.cas(b"key", expected=None, value=b"")):
            with pytest.raises(KVError, match=r"^the store refuses this user$"):
                await change
        await store.health()
        await store.keys()


@pytest.mark.parametrize(
    "login",
    [{"password": SECRET}, {"user": "stranger", "password": SECRET}, {"user": "", "password": ""}],
    ids=["password", "user", "none"],
)
async def test_a_wrong_login_ends_the_start(shared_server: CassandraServer, login: dict[str, str]) -> None:
    text = await refused(shared_server.settings | login)
    assert f"cassandra_hosts {shared_server.address}: " in text
    assert "the login is refused: " in text
    assert "cassandra_user, cassandra_password" in text


async def test_a_user_who_may_not_read_ends_the_start(guarded: CassandraServer) -> None:
    text = await refused(guarded.settings | {"user": "nobody", "password": SECRET, "keyspace": "guarded"})
    assert "the user may not do this: User nobody has no SELECT permission" in text
    assert "cassandra_user" in text


@pytest.mark.parametrize("missing", [{"keyspace": "forbidden"}, {"keyspace": "guarded", "table": "forbidden"}], ids=str)
async def test_a_user_who_may_not_make_what_is_missing_ends_the_start(
    guarded: CassandraServer, missing: dict[str, str]
) -> None:
    text = await refused(guarded.settings | {"user": "writer", "password": SECRET} | missing)
    assert f"cassandra_keyspace {missing['keyspace']}, cassandra_table " in text
    assert "is missing, and the user may not do this: User writer has no CREATE permission" in text


async def test_a_refused_port_ends_the_start_at_once() -> None:
    port = free_port()
    text = await refused({"hosts": ("127.0.0.1",), "port": port})
    assert f"cassandra_hosts 127.0.0.1:{port}: " in text
    assert "Connection refused" in text


async def test_an_unknown_host_ends_the_start() -> None:
    text = await refused({"hosts": ("cassandra.invalid",)})
    assert "cassandra_hosts cassandra.invalid:9042: the host name cassandra.invalid cannot be resolved" in text


async def test_tls_with_a_client_certificate(tls: CassandraServer, files: Path) -> None:
    await works(with_client(tls, files))


async def test_large_values_pass_through_tls(tls: CassandraServer, files: Path) -> None:
    value = bytes(range(256)) * 20_000
    async with PluginHarness(CassandraPlugin, with_client(tls, files), data_dir=Path()) as plugin:
        store = await plugin.backend()
        await store.set(b"large", value)
        assert await store.get(b"large") == value


@pytest.mark.parametrize("certificate", ["", "stranger.pem"], ids=["none", "untrusted"])
async def test_a_client_certificate_the_server_does_not_take_ends_the_start(
    tls: CassandraServer, files: Path, certificate: str
) -> None:
    own = str(files / certificate) if certificate else ""
    assert "cassandra_tls_cert_file" in await refused(with_client(tls, files) | {"tls_cert_file": own})


async def test_a_server_that_no_trusted_authority_signed_ends_the_start(tls: CassandraServer, files: Path) -> None:
    for trusted in ("", str(files / "stranger-ca.pem")):
        text = await refused(with_client(tls, files) | {"tls_ca_file": trusted})
        assert "its certificate is refused" in text
        assert "cassandra_tls_ca_file" in text


async def test_another_host_name_ends_the_start_unless_allowed(tls: CassandraServer, files: Path) -> None:
    settings = with_client(tls, files) | {"hosts": ("localhost",)}
    assert "cassandra_hostname_verify" in await refused(settings)
    await works(settings | {"hostname_verify": False})
    await works(settings | {"tls_verify": False, "tls_ca_file": ""})


async def test_only_the_named_authority_is_trusted(files: Path) -> None:
    context = tls_context(CassandraSettings(hosts=("a",), tls=True, tls_ca_file=str(files / "ca.pem")))
    assert context is not None
    assert len(context.get_ca_certs()) == 1
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_client_without_tls_is_told_so(tls: CassandraServer) -> None:
    assert "cassandra_tls" in await refused(tls.settings | {"connect_timeout": 1})


async def test_a_server_without_tls_is_named(shared_server: CassandraServer) -> None:
    assert "does the node speak TLS" in await refused(shared_server.settings | {"tls": True, "connect_timeout": 1})


@pytest.mark.parametrize("key", ["tls_ca_file", "tls_cert_file"])
async def test_a_file_that_cannot_be_used_is_named(files: Path, key: str) -> None:
    text = await refused({"hosts": ("127.0.0.1",), "tls": True, key: str(files / "missing.pem")})
    assert f"cassandra_{key}" in text
    assert "missing.pem" in text or "No such file" in text

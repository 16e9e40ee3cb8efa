"""Who may come in, and to whom: passwords, databases, TLS; and what is said when not."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trustme
from tarmac_sql import SQLBackend, Statement

from tests.services.mariadb import PASSWORD, MariaDBServer, MySQLServer
from tests.services.process import free_port

OpenMySQL = Callable[..., AbstractAsyncContextManager[SQLBackend]]
Refused = Callable[..., Awaitable[str]]

USERS = f"""
CREATE USER IF NOT EXISTS 'safe'@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE X509;
GRANT ALL ON tarmac.* TO 'safe'@'%';
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `right` and `other` of a server each, `client.pem`, `stranger.pem` and authorities."""
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    stranger.cert_pem.write_to_path(folder / "stranger-ca.pem")
    for name, host in {"right": "127.0.0.1", "other": "db.example"}.items():
        (folder / name).mkdir()
        issued = authority.issue_cert(host)
        authority.cert_pem.write_to_path(folder / name / "ca.pem")
        issued.private_key_pem.write_to_path(folder / name / "server.key")
        issued.cert_chain_pems[0].write_to_path(folder / name / "server.pem")
    for name, ca in {"client": authority, "stranger": stranger}.items():
        ca.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    return folder


@pytest.fixture(scope="module", params=[MariaDBServer, MySQLServer])
def tls(request: pytest.FixtureRequest, files: Path) -> Iterator[MariaDBServer]:
    """Servers whose user `safe` needs a certificate."""
    kind: type[MariaDBServer] = request.param
    with kind(statements=USERS, certificates=files / "right") as server:
        yield server


async def cipher(open_with: OpenMySQL, **settings: Any) -> str:
    """The cipher of a connection, empty for none."""
    async with open_with(**settings) as database:
        rows = await database.query(Statement("SHOW STATUS LIKE 'Ssl_cipher'"))
        return str(json.loads(rows.data)[0]["Value"])


@pytest.mark.parametrize(
    ("login", "named"),
    [
        ({"password": PASSWORD + "x"}, "mend user and password of sql_dsn"),
        ({"user": "nobody"}, "mend user and password of sql_dsn"),
        ({"password": ""}, "mend user and password of sql_dsn"),
    ],
    ids=["password", "user", "none"],
)
async def test_a_wrong_login_ends_the_start(
    refused: Refused, shared_server: MariaDBServer, login: dict[str, str], named: str
) -> None:
    text = await refused(dsn=shared_server.dsn(**login))
    assert f"sql_dsn {shared_server.address}: Access denied" in text
    assert named in text


async def test_a_database_that_is_not_there_ends_the_start(refused: Refused, shared_server: MariaDBServer) -> None:
    dsn = shared_server.dsn("admin").replace("/tarmac", "/not_there")
    text = await refused(dsn=dsn)
    assert "Unknown database 'not_there' (mend the database's name in sql_dsn" in text


async def test_a_variable_that_the_server_does_not_know_ends_the_start(
    refused: Refused, shared_server: MariaDBServer
) -> None:
    text = await refused(dsn=shared_server.dsn(options="no_such_variable=1"))
    assert "mend the variables among the options of sql_dsn" in text
    assert "no_such_variable" in text


async def test_a_refused_port_ends_the_start_at_once(refused: Refused) -> None:
    port = free_port()
    text = await refused(dsn=f"u:{PASSWORD}@tcp(127.0.0.1:{port})/d")
    assert f"sql_dsn 127.0.0.1:{port}: it refuses connections" in text


async def test_an_unknown_host_ends_the_start(refused: Refused) -> None:
    text = await refused(dsn=f"u:{PASSWORD}@tcp(db.invalid)/d")
    assert "sql_dsn db.invalid:3306: the host name cannot be resolved" in text


async def test_a_missing_socket_ends_the_start(refused: Refused) -> None:
    assert "cannot connect: No such file" in await refused(dsn="u@unix(/run/no-such.sock)/d")


async def test_a_hung_server_ends_the_start_in_time(refused: Refused, server: MariaDBServer) -> None:
    server.pause()
    await asyncio.sleep(0.1)
    try:
        text = await refused(dsn=server.dsn(), connect_timeout=0.5)
    finally:
        server.resume()
    assert "no answer within 0.5 s (does the server hang? sql_connect_timeout is the limit)" in text


async def test_passwords_of_any_script_and_sign(server: MariaDBServer, open_with: OpenMySQL) -> None:
    password = "pä:ß@/東京 x"
    async with open_with(dsn=server.dsn("admin")) as database:
        await database.exec(Statement(f"CREATE USER 'odd'@'%' IDENTIFIED BY '{password}'"))
        await database.exec(Statement("GRANT ALL ON tarmac.* TO 'odd'@'%'"))
    async with open_with(dsn=server.dsn("odd", password=password)) as database:
        await database.health()


async def test_the_socket_of_a_server_works(server: MariaDBServer, open_with: OpenMySQL) -> None:
    server.data.chmod(0o755)
    async with open_with(dsn=f"tarmac:{PASSWORD}@unix({server.data}/s)/tarmac") as database:
        await database.health()


async def test_a_url_opens_the_same(shared_server: MariaDBServer, open_with: OpenMySQL) -> None:
    async with open_with(dsn=f"mysql+asyncmy://tarmac:{PASSWORD}@{shared_server.address}/tarmac") as database:
        await database.health()


async def test_a_user_with_an_ed25519_key_comes_in_if_the_package_for_it_is_there(
    refused: Refused, server: MariaDBServer, open_with: OpenMySQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_with(dsn=server.dsn("admin")) as database:
        await database.exec(Statement("INSTALL SONAME 'auth_ed25519'"))
        await database.exec(Statement(f"CREATE USER ed IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}')"))
        await database.exec(Statement("GRANT ALL ON tarmac.* TO ed"))
    async with open_with(dsn=server.dsn("ed")) as database:
        await database.health()
    monkeypatch.setitem(sys.modules, "nacl", None)
    monkeypatch.setattr("asyncmy.auth._nacl_bindings", None)
    assert "install tarmac-sql-mysql[ed25519]" in await refused(dsn=server.dsn("ed"))


async def test_tls_with_a_client_certificate(tls: MariaDBServer, files: Path, open_with: OpenMySQL) -> None:
    settings = {"tls": "on", "tls_ca_file": str(files / "ca.pem"), "tls_cert_file": str(files / "client.pem")}
    assert await cipher(open_with, dsn=tls.dsn("safe"), **settings)


async def test_tls_as_a_url_says_it(tls: MariaDBServer, files: Path, open_with: OpenMySQL) -> None:
    options = f"ssl_ca={files}/ca.pem&ssl_cert={files}/client.pem"
    assert await cipher(open_with, dsn=f"mysql://safe:{PASSWORD}@{tls.address}/tarmac?{options}")


@pytest.mark.parametrize("mode", ["skip-verify", "preferred"])
async def test_tls_without_verification(tls: MariaDBServer, open_with: OpenMySQL, mode: str) -> None:
    assert await cipher(open_with, dsn=tls.dsn(options=f"tls={mode}"))


async def test_preferred_tls_does_without_where_there_is_none(mariadb: MariaDBServer, open_with: OpenMySQL) -> None:
    assert await cipher(open_with, dsn=mariadb.dsn(options="tls=preferred")) == ""


@pytest.mark.parametrize("mode", ["true", "skip-verify"])
async def test_a_server_without_tls_is_named(refused: Refused, mariadb: MariaDBServer, mode: str) -> None:
    text = await refused(dsn=mariadb.dsn(options=f"tls={mode}"))
    assert "the server does not offer TLS (set sql_tls to off, or make the server speak TLS)" in text


@pytest.mark.parametrize("certificate", ["", "stranger.pem"], ids=["none", "untrusted"])
async def test_a_client_certificate_that_the_server_does_not_take_ends_the_start(
    refused: Refused, tls: MariaDBServer, files: Path, certificate: str
) -> None:
    client = {"tls_cert_file": str(files / certificate)} if certificate else {}
    text = await refused(dsn=tls.dsn("safe"), tls="on", tls_ca_file=str(files / "ca.pem"), **client)
    assert "mend user and password" in text or "sql_tls_cert_file" in text


async def test_a_server_that_no_trusted_authority_signed_ends_the_start(
    refused: Refused, tls: MariaDBServer, files: Path
) -> None:
    for trusted in ({}, {"tls_ca_file": str(files / "stranger-ca.pem")}):
        text = await refused(dsn=tls.dsn(), tls="on", **trusted)
        assert "its certificate is refused" in text
        assert "sql_tls_ca_file" in text


async def test_another_host_name_ends_the_start_unless_allowed(
    refused: Refused, files: Path, open_with: OpenMySQL
) -> None:
    settings = {"tls": "on", "tls_ca_file": str(files / "ca.pem")}
    with MariaDBServer(certificates=files / "other") as server:
        assert "sql_hostname_verify" in await refused(dsn=server.dsn(), **settings)
        assert await cipher(open_with, dsn=server.dsn(), **settings, hostname_verify=False)


@pytest.mark.parametrize("key", ["tls_ca_file", "tls_cert_file"])
async def test_a_file_that_cannot_be_used_is_named(refused: Refused, files: Path, key: str) -> None:
    text = await refused(dsn="u@tcp(127.0.0.1)/d", tls="on", **{key: str(files / "missing.pem")})
    assert f"sql_{key}" in text

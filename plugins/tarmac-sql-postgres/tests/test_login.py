"""Who may come in: passwords, users, databases, TLS; and what is said when not."""

import asyncio
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from tarmac_sql import Statement
from tarmac_sql_postgres.faults import PostgresOpenError
from tarmac_sql_postgres.plugin import PostgresPlugin

from tarmac_core.registry import StepError
from tarmac_core.testing import PluginHarness
from tests.services.postgres import PASSWORD, PostgresServer
from tests.services.process import free_port


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates: the authority's, the server's, a client's, and those of an authority that nobody trusts."""
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    stranger.cert_pem.write_to_path(folder / "stranger-ca.pem")
    issued = {
        "server": authority.issue_cert("127.0.0.1", "localhost"),
        "client": authority.issue_cert(common_name="tarmac"),
        "stranger": stranger.issue_cert(common_name="tarmac"),
    }
    for name, one in issued.items():
        one.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        one.private_key_pem.write_to_path(folder / f"{name}.key")
        (folder / f"{name}.key").chmod(0o600)
    return folder


def tls_server(files: Path, access: str) -> PostgresServer:
    names = {"certificate": files / "server.pem", "key": files / "server.key", "authority": files / "ca.pem"}
    return PostgresServer(tls=names, access=[f"hostssl all all 127.0.0.1/32 {access}"])


@pytest.fixture(scope="module")
def tls(files: Path) -> Iterator[PostgresServer]:
    """A server that speaks TLS only."""
    with tls_server(files, "scram-sha-256") as server:
        yield server


@pytest.fixture(scope="module")
def guarded(files: Path) -> Iterator[PostgresServer]:
    """A server that lets in who has a certificate of the user's name, without a password."""
    with tls_server(files, "cert") as server:
        yield server


async def refused(dsn: str, **settings: Any) -> str:
    """The message of a start that fails, which it must do soon and without the secret."""
    began_s = time.monotonic()
    with pytest.raises(StepError) as raised:
        async with PluginHarness(PostgresPlugin, {"dsn": dsn, **settings}, data_dir=Path()) as plugin:
            await plugin.backend()
    assert isinstance(raised.value.__cause__, PostgresOpenError)
    assert time.monotonic() - began_s < 4
    text = str(raised.value)
    assert "sql.postgres: " in text
    assert "sql_dsn " in text
    assert PASSWORD not in text
    return text


async def asked(dsn: str, text: str = "SELECT 1", **settings: Any) -> Any:
    """The first value of the answer of a server that lets in."""
    # The loop keeps the thread that resolves names: it is there before what is looked at begins.
    await asyncio.get_running_loop().getaddrinfo("localhost", None)
    async with PluginHarness(PostgresPlugin, {"dsn": dsn, **settings}, data_dir=Path()) as plugin:
        rows = await (await plugin.backend()).query(Statement(text))
    return next(iter(json.loads(rows.data)[0].values()))


@pytest.mark.parametrize(
    "form",
    [
        "postgres://tarmac:{password}@127.0.0.1:{port}/tarmac?sslmode=disable",
        "postgresql://tarmac:{password}@127.0.0.1:{port}/tarmac?sslmode=disable&binary_parameters=yes",
        "postgresql+psycopg://tarmac:{password}@127.0.0.1:{port}/tarmac?sslmode=disable",
        "host=127.0.0.1 port={port} user=tarmac password='{password}' dbname=tarmac sslmode=disable",
        "host=localhost port={port} user=tarmac password={password} dbname=tarmac sslmode=prefer",
    ],
)
async def test_each_form_of_address_opens_the_same_database(shared_server: PostgresServer, form: str) -> None:
    dsn = form.format(password=PASSWORD, port=shared_server.port)
    assert await asked(dsn, "SELECT current_user || '@' || current_database()") == "tarmac@tarmac"


async def test_the_server_is_told_who_asks(shared_server: PostgresServer) -> None:
    assert await asked(shared_server.dsn(), "SHOW application_name") == "tarmac"
    options = "sslmode=disable&application_name=mine&search_path=%22my%20schema%22,public&timezone=Asia/Tokyo"
    dsn = shared_server.dsn(options=options)
    assert await asked(dsn, "SHOW application_name") == "mine"
    assert await asked(dsn, "SHOW search_path") == '"my schema",public'
    assert await asked(dsn, "SHOW timezone") == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("login", "named"),
    [
        (
            {"password": PASSWORD[:-1] + "x"},
            r"password authentication failed for user \"tarmac\" \(mend user and password",
        ),
        ({"user": "nobody"}, r"failed for user \"nobody\" \(mend user"),
        ({"password": ""}, r"no password supplied \(mend user and password of sql_dsn\)"),
        ({"database": "nowhere"}, r"database \"nowhere\" does not exist \(mend the database's name"),
    ],
    ids=["password", "user", "none", "database"],
)
async def test_a_wrong_login_ends_the_start(shared_server: PostgresServer, login: dict[str, str], named: str) -> None:
    text = await refused(shared_server.dsn(**login))
    assert f"sql_dsn {shared_server.address}: " in text
    assert re.search(named, text), text


async def test_a_refused_port_ends_the_start_at_once() -> None:
    port = free_port()
    text = await refused(f"postgres://tarmac:{PASSWORD}@127.0.0.1:{port}/tarmac")
    assert f"sql_dsn 127.0.0.1:{port}: " in text
    assert "does the server run there?" in text


async def test_an_unknown_host_ends_the_start() -> None:
    text = await refused(f"postgres://tarmac:{PASSWORD}@postgres.invalid/tarmac")
    assert "sql_dsn postgres.invalid:5432: " in text
    assert "mend the host in sql_dsn" in text


async def test_a_server_that_hangs_ends_the_start_at_the_limit(server: PostgresServer) -> None:
    server.pause()
    try:
        text = await refused(server.dsn(), connect_timeout=2)
    finally:
        server.resume()
    assert "sql_connect_timeout is the limit" in text


async def test_no_more_connections_than_the_server_has_ends_the_start() -> None:
    with PostgresServer(
        {"max_connections": "1", "superuser_reserved_connections": "0", "max_wal_senders": "0"}
    ) as server:
        async with PluginHarness(PostgresPlugin, {"dsn": server.dsn()}, data_dir=Path()) as plugin:
            await plugin.backend()
            assert "lower sql_pool_size, or raise max_connections there" in await refused(server.dsn())


async def test_a_server_without_tls_is_refused_unless_allowed(shared_server: PostgresServer) -> None:
    text = await refused(shared_server.dsn(options="connect_timeout=5"))
    assert "sslmode=disable in sql_dsn speaks without TLS" in text


@pytest.mark.parametrize(
    "mode", ["", "sslmode=require", "sslmode=verify-ca&sslrootcert={ca}", "sslmode=verify-full&sslrootcert={ca}"]
)
async def test_tls_is_spoken(tls: PostgresServer, files: Path, mode: str) -> None:
    dsn = tls.dsn(options=mode.format(ca=files / "ca.pem") or "x.y=z")
    assert await asked(dsn, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True


async def test_the_system_s_authorities_are_trusted_where_none_is_named(
    tls: PostgresServer, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "certificate verify failed" in await refused(tls.dsn(options="sslmode=verify-full"))
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(files / "ca.pem"))
    assert await asked(tls.dsn(options="sslmode=verify-full")) == 1


async def test_a_certificate_that_nobody_trusts_ends_the_start(tls: PostgresServer, files: Path) -> None:
    text = await refused(tls.dsn(options=f"sslmode=verify-ca&sslrootcert={files / 'stranger-ca.pem'}"))
    assert "certificate verify failed" in text
    assert "sslrootcert" in text


async def test_another_host_name_ends_the_start_unless_allowed(files: Path) -> None:
    with tls_server(files, "scram-sha-256") as server:
        dsn = f"host=localhost hostaddr=127.0.0.1 port={server.port} user=tarmac password={PASSWORD} dbname=tarmac"
        wrong = dsn.replace("localhost", "db.example.org") + f" sslrootcert={files / 'ca.pem'}"
        assert "mend the host in sql_dsn, or the server's certificate" in await refused(f"{wrong} sslmode=verify-full")
        assert await asked(f"{wrong} sslmode=verify-ca") == 1


async def test_a_client_s_certificate_lets_in(guarded: PostgresServer, files: Path) -> None:
    own = f"sslcert={files / 'client.pem'}&sslkey={files / 'client.key'}"
    assert await asked(guarded.dsn(password="", options=own), "SELECT current_user::text") == "tarmac"


@pytest.mark.parametrize("name", ["", "stranger"], ids=["none", "untrusted"])
async def test_a_client_s_certificate_the_server_does_not_take_ends_the_start(
    guarded: PostgresServer, files: Path, name: str
) -> None:
    own = f"sslcert={files / name}.pem&sslkey={files / name}.key" if name else "sslmode=require"
    text = await refused(guarded.dsn(options=own))
    assert "sslcert" in text


@pytest.mark.parametrize("option", ["sslrootcert", "sslcert", "sslkey"])
async def test_a_file_that_cannot_be_used_is_named(tls: PostgresServer, files: Path, option: str) -> None:
    given = {"sslcert": files / "client.pem", "sslkey": files / "client.key", "sslrootcert": files / "ca.pem"}
    given[option] = files / "missing.pem"
    text = await refused(
        tls.dsn(options="&".join(f"{name}={path}" for name, path in given.items()) + "&sslmode=verify-ca")
    )
    assert "missing.pem" in text
    assert option in text


async def test_a_key_that_others_can_read_is_refused(tls: PostgresServer, files: Path) -> None:
    (files / "open.key").write_bytes((files / "client.key").read_bytes())
    (files / "open.key").chmod(0o644)
    text = await refused(tls.dsn(options=f"sslcert={files / 'client.pem'}&sslkey={files / 'open.key'}"))
    assert "permissions" in text or "group or world access" in text

import asyncio
import datetime
import re
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from tarmac_core.http import TlsError, TlsFiles, load_context
from tests.unit.http.bench import LOCAL, Bench, Client, Serve, get, post

PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def written(folder: Path, authority: trustme.CA, *, ca: trustme.CA | None = None, optional: bool = False) -> TlsFiles:
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    if ca is not None:
        ca.cert_pem.write_to_path(folder / "ca.pem")
    return TlsFiles(
        cert_file=folder / "cert.pem",
        key_file=folder / "key.pem",
        ca_file=folder / "ca.pem" if ca is not None else None,
        ignore_client_cert=optional,
    )


def client_context(
    authority: trustme.CA, certificate: trustme.LeafCert | None = None, version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def serial(client: Client) -> str:
    return str(client.writer.get_extra_info("peercert")["serialNumber"])


async def accepted(running: Bench, context: ssl.SSLContext) -> bool:
    """Whether a request gets through; with TLS 1.3 a client learns of a refused certificate only when it reads."""
    try:
        client = await running.connect(context=context)
        return (await client.ask(get()))[0] == 200
    except (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError):
        return False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_requests_and_large_bodies_go_over_tls(
    serve: Serve, tmp_path: Path, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    running = await serve(tls=written(tmp_path, authority))
    client = await running.connect(context=client_context(authority, version=version))
    body = bytes(range(256)) * 8000
    assert (await client.ask(post(body)))[2] == body
    assert (await client.ask(get()))[0] == 200
    cipher = client.writer.get_extra_info("cipher")
    if version is ssl.TLSVersion.TLSv1_2:
        assert re.fullmatch(r"ECDHE-(RSA|ECDSA)-AES(256-GCM-SHA384|128-GCM-SHA256)", cipher[0])


async def test_tls_1_1_is_refused(serve: Serve, tmp_path: Path, authority: trustme.CA) -> None:
    running = await serve(tls=written(tmp_path, authority))
    process = await asyncio.create_subprocess_exec(
        *(
            "openssl",
            "s_client",
            "-tls1_1",
            "-cipher",
            "ALL@SECLEVEL=0",
            "-connect",
            f"127.0.0.1:{running.server.port}",
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode != 0
    assert b"Cipher is (NONE)" in output


async def test_only_the_originals_ciphers_are_offered_for_tls_1_2(tmp_path: Path, authority: trustme.CA) -> None:
    context = load_context(written(tmp_path, authority))
    names = {cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] == "TLSv1.2"}
    suites = ("AES256-GCM-SHA384", "AES128-GCM-SHA256")
    assert names == {f"ECDHE-{kind}-{suite}" for kind in ("RSA", "ECDSA") for suite in suites}


async def test_a_client_that_offers_http_2_is_given_http_1_1(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    running = await serve(tls=written(tmp_path, authority))
    context = client_context(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    client = await running.connect(context=context)
    assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"


async def test_a_client_that_does_not_trust_the_server_goes_away_and_the_server_stays(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    running = await serve(tls=written(tmp_path, authority))
    assert not await accepted(running, client_context(trustme.CA()))
    assert await accepted(running, client_context(authority))


async def test_plain_http_on_a_tls_port_is_told_so_and_the_log_stays_quiet(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    running = await serve(tls=written(tmp_path, authority))
    client = await running.connect()
    code, _, body = await client.ask(get())
    assert (code, body) == (400, b"Client sent an HTTP request to an HTTPS server.\n")
    client.writer.write_eof()
    assert await client.rest() == b""
    assert {line.split()[0] for line in running.log.lines} <= {"DEBUG"}
    assert await accepted(running, client_context(authority))


async def test_a_handshake_that_never_ends_is_closed(serve: Serve, tmp_path: Path, authority: trustme.CA) -> None:
    running = await serve(tls=written(tmp_path, authority), http_header_timeout_s=0.2)
    client = await running.connect()
    await client.send(b"\x16\x03\x01")
    assert await client.rest() == b""


async def test_limits_are_answered_over_tls_too(serve: Serve, tmp_path: Path, authority: trustme.CA) -> None:
    running = await serve(tls=written(tmp_path, authority), max_header_bytes=1000, max_request_bytes=10)
    client = await running.connect(context=client_context(authority))
    assert (await client.ask(get("/", "X-Long: " + "a" * 100_000)))[0] == 431
    client = await running.connect(context=client_context(authority))
    assert (await client.ask(post(b"x" * 500_000)))[0] == 413


async def test_a_client_that_leaves_over_tls_ends_its_function(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    running = await serve(tls=written(tmp_path, authority))
    client = await running.connect(context=client_context(authority))
    await client.send(post(b"x", path="/slow"))
    await running.functions.started.wait()
    await client.close()
    await asyncio.wait_for(running.functions.cancelled.wait(), 2)


async def test_with_an_authority_a_client_needs_its_certificate(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    running = await serve(tls=written(tmp_path, authority, ca=authority))
    stranger = trustme.CA().issue_cert("stranger")
    expired = authority.issue_cert("late", not_before=PAST, not_after=PAST + datetime.timedelta(days=1))
    right = authority.issue_cert("client")
    assert not await accepted(running, client_context(authority))
    assert not await accepted(running, client_context(authority, stranger))
    assert not await accepted(running, client_context(authority, expired))
    assert await accepted(running, client_context(authority, right))
    assert len(running.functions.requests) == 1


async def test_with_an_optional_certificate_none_is_fine_and_a_wrong_one_is_not(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    running = await serve(tls=written(tmp_path, authority, ca=authority, optional=True))
    assert await accepted(running, client_context(authority))
    assert not await accepted(running, client_context(authority, trustme.CA().issue_cert("stranger")))
    assert await accepted(running, client_context(authority, authority.issue_cert("client")))
    assert [bool(request.tls_subject) for request in running.functions.requests] == [False, True]


async def test_the_function_learns_the_clients_subject(serve: Serve, tmp_path: Path, authority: trustme.CA) -> None:
    running = await serve(tls=written(tmp_path, authority, ca=authority))
    issued = authority.issue_cert(
        "client.example.org", common_name="a,b", organization_name="Acme", organization_unit_name="Ops"
    )
    assert await accepted(running, client_context(authority, issued))
    assert running.functions.requests[0].tls_subject == r"CN=a\,b,OU=Ops,O=Acme"


async def test_a_replaced_certificate_serves_new_connections_and_old_ones_stay(
    serve: Serve, tmp_path: Path, authority: trustme.CA
) -> None:
    running = await serve(tls=written(tmp_path, authority), tls_poll_interval_s=0.05)
    old = await running.connect(context=client_context(authority))
    written(tmp_path, authority)
    await asyncio.sleep(0.3)
    new = await running.connect(context=client_context(authority))
    assert serial(new) != serial(old)
    assert (await old.ask(get()))[0] == (await new.ask(get()))[0] == 200
    assert "INFO Certificates read anew" in running.log.lines


@pytest.mark.parametrize("broken", ["garbage", "missing", "other key"])
async def test_a_broken_replacement_keeps_the_old_certificate_and_is_logged_once(
    serve: Serve, tmp_path: Path, authority: trustme.CA, broken: str
) -> None:
    files = written(tmp_path, authority)
    assert files.key_file is not None
    running = await serve(tls=files, tls_poll_interval_s=0.02)
    before = serial(await running.connect(context=client_context(authority)))
    if broken == "missing":
        files.key_file.unlink()
    elif broken == "garbage":
        files.key_file.write_text("no key")
    else:
        authority.issue_cert("localhost").private_key_pem.write_to_path(files.key_file)
    await asyncio.sleep(0.3)
    assert serial(await running.connect(context=client_context(authority))) == before
    warnings = [line for line in running.log.lines if line.startswith("WARNING")]
    assert len(warnings) == 1
    assert "the old ones stay" in warnings[0]
    assert str(files.key_file) in warnings[0]
    written(tmp_path, authority)
    await asyncio.sleep(0.3)
    assert serial(await running.connect(context=client_context(authority))) != before


async def test_the_admin_listener_has_no_tls(serve: Serve, tmp_path: Path, authority: trustme.CA) -> None:
    running = await serve(tls=written(tmp_path, authority, ca=authority), admin_listen=LOCAL)
    client = await running.connect(port=running.server.admin_port)
    assert (await client.ask(get("/health")))[0] == 200


def encrypted_key(folder: Path) -> Path:
    path = folder / "encrypted.pem"
    command = ("openssl", "genpkey", "-algorithm", "RSA", "-aes256", "-pass", "pass:x", "-out", str(path))
    subprocess.run(command, check=True, capture_output=True)
    return path


def test_wrong_files_are_told_in_the_originals_words_with_the_file_at_fault(
    tmp_path: Path, authority: trustme.CA
) -> None:
    files = written(tmp_path, authority, ca=authority)
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no PEM")
    missing = tmp_path / "missing.pem"
    pair = "unable to configure HTTPS server with certificate and key - "
    clients = "unable to configure HTTPS server with provided client certificate authority - "
    other = tmp_path / "other.pem"
    authority.issue_cert("other").private_key_pem.write_to_path(other)
    cases = [
        (TlsFiles(), f"{pair}cert and key cannot be empty"),
        (TlsFiles(cert_file=files.cert_file), f"{pair}cert and key cannot be empty"),
        (
            TlsFiles(cert_file=missing, key_file=files.key_file),
            f"{pair}unable to load keypair - {missing}: No such file",
        ),
        (TlsFiles(cert_file=garbage, key_file=files.key_file), f"{pair}unable to load keypair - {garbage}, "),
        (TlsFiles(cert_file=files.cert_file, key_file=other), "key values mismatch"),
        (TlsFiles(cert_file=files.cert_file, key_file=encrypted_key(tmp_path)), "the key is encrypted"),
        (
            TlsFiles(cert_file=files.cert_file, key_file=files.key_file, ca_file=missing),
            f"{clients}unable to read ca file - {missing}: No such file",
        ),
        (
            TlsFiles(cert_file=files.cert_file, key_file=files.key_file, ca_file=garbage),
            f"{clients}unable to load ca certificate: invalid PEM - {garbage}",
        ),
    ]
    for wrong, words in cases:
        with pytest.raises(TlsError, match=re.escape(words)):
            load_context(wrong)

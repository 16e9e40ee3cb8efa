"""Certificates: verified, unless a guest asks otherwise and may."""

from typing import Any

HOSTS = {"hosts": ["*"], "private": True}


async def test_a_certificate_of_a_trusted_authority_is_accepted(tls_server: Any, opened: Any, ca_file: str) -> None:
    async with opened(ca_file=ca_file) as guest:
        assert (await guest.get(tls_server.url())).body == b"hello"


async def test_a_certificate_that_cannot_be_verified_is_refused(tls_server: Any, guest: Any) -> None:
    answer = await guest.call(tls_server.url())
    text = f'Unable to execute HTTP request - Get "{tls_server.url()}": tls: failed to verify certificate: '
    assert answer.code == 500
    assert answer.error.startswith(text)
    assert tls_server.seen == []


async def test_a_certificate_for_another_name_is_refused(
    tls_server: Any, opened: Any, ca_file: str, names: Any
) -> None:
    async with opened(names(["127.0.0.1"]), ca_file=ca_file) as guest:
        assert (await guest.get(tls_server.url(host="localhost"))).body == b"hello"
        assert "tls: " in (await guest.call(tls_server.url(host="other.test"))).error


async def test_a_guest_may_accept_any_certificate_and_that_connection_serves_no_other_call(
    tls_server: Any, guest: Any
) -> None:
    assert (await guest.get(tls_server.url(), insecure=True)).body == b"hello"
    assert not (await guest.call(tls_server.url())).is_ok
    assert len(tls_server.seen) == 1


async def test_with_a_grant_only_where_it_says_so(tls_server: Any, guest: Any) -> None:
    answer = await guest.granted(tls_server.url(), HOSTS, insecure=True)
    rule = "not granted: certificates must be verified (grants.httpclient.insecure)"
    assert (answer.code, answer.error) == (403, rule)
    assert (await guest.granted(tls_server.url(), {**HOSTS, "insecure": True}, insecure=True)).is_ok
    assert len(tls_server.seen) == 1

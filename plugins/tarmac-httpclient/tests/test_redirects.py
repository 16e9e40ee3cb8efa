"""Redirects: what is sent where."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("code", "method", "then", "body"),
    [
        *((code, "POST", "GET", b"") for code in (301, 302, 303)),
        *((code, "HEAD", "HEAD", b"") for code in (301, 302, 303)),
        *((code, "PUT", "PUT", b"data") for code in (307, 308)),
    ],
)
async def test_some_redirects_become_get_and_others_stay_what_they_are(
    server: Any, guest: Any, code: int, method: str, then: str, body: bytes
) -> None:
    server.on("/old", code, Location="/new?a=b")
    await guest.get(server.url("/old"), method, body=b"data", headers={"content-type": ["text/x"], "x-a": ["1"]})
    new = server.seen[1]
    assert (new.method, server.bodies[1], new.raw_path) == (then, body, "/new?a=b")
    assert ("Content-Type" in new.headers, new.headers["X-A"]) == (bool(body), "1")
    assert new.headers["Referer"] == server.url("/old")
    assert len(server.connections) == 1 or method == "HEAD"


async def test_ten_redirects_are_followed_and_no_more(server: Any, guest: Any) -> None:
    for step in range(12):
        server.on(f"/{step}", 302, Location=f"/{step + 1}")
    server.on("/12", body=b"there")
    assert (await guest.get(server.url("/2"))).body == b"there"
    server.seen.clear()
    answer = await guest.call(server.url("/1"))
    text = f'Unable to execute HTTP request - Get "{server.url("/11")}": stopped after 10 redirects'
    assert (answer.code, answer.error) == (500, text)
    assert len(server.seen) == 11


@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
async def test_a_redirect_without_a_location_is_an_answer(server: Any, guest: Any, headers: dict[str, str]) -> None:
    server.on("/", 302, b"here", **headers)
    reply = await guest.get(server.url())
    assert (reply.code, reply.body) == (302, b"here")


@pytest.mark.parametrize("location", ["http://h:99999/", "ftp://h/", "http://", "http://a b/"])
async def test_a_redirect_to_no_url_is_an_error(server: Any, guest: Any, location: str) -> None:
    server.on("/", 302, Location=location)
    answer = await guest.call(server.url())
    assert answer.code == 500
    assert answer.error.startswith(f'Unable to execute HTTP request - Get "{server.url()}": ')


async def test_secrets_stay_with_the_first_host_and_those_below_it(server: Any, opened: Any, names: Any) -> None:
    secrets = {"authorization": ["a"], "cookie": ["b"], "x-other": ["c"]}
    for path, host in (("/same", "a.test"), ("/below", "sub.a.test"), ("/other", "nota.test"), ("/up", "test")):
        server.on(path, 302, Location=server.url("/end", host=host))
    async with opened(names(["127.0.0.1"])) as guest:
        for path, are_kept in (("/same", True), ("/below", True), ("/other", False), ("/up", False)):
            await guest.get(server.url(path, host="a.test"), headers=secrets)
            sent = server.seen[-1].headers
            assert ("Authorization" in sent, "Cookie" in sent, "X-Other" in sent) == (are_kept, are_kept, True), path


async def test_secrets_are_not_sent_without_tls_after_it(
    server: Any, tls_server: Any, opened: Any, ca_file: str
) -> None:
    tls_server.on("/", 302, Location=server.url("/end"))
    async with opened(ca_file=ca_file) as guest:
        await guest.get(tls_server.url(), headers={"authorization": ["a"]})
    assert "Authorization" in tls_server.seen[0].headers
    assert not {"Authorization", "Referer"} & set(server.seen[0].headers)


async def test_each_hop_is_measured_against_the_grant(server: Any, opened: Any, names: Any) -> None:
    server.on("/host", 302, Location=server.url(host="other.test"))
    server.on("/method", 303, Location="/end")
    grant = {"hosts": ["a.test"], "methods": ["POST"], "private": True}
    async with opened(names(["127.0.0.1"])) as guest:
        answer = await guest.granted(server.url("/host", host="a.test"), {**grant, "methods": []})
        assert (answer.code, answer.error) == (
            403,
            f"not granted: host other.test:{server.port} (grants.httpclient.hosts)",
        )
        answer = await guest.granted(server.url("/method", host="a.test"), grant, "POST")
        assert (answer.code, answer.error) == (403, "not granted: method GET (grants.httpclient.methods)")
    assert len(server.seen) == 2

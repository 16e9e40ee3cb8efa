"""What a function's grant allows and refuses."""

from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_httpclient.grant import HTTPClientGrant
from tarmac_httpclient.hosts import HostPattern, plain_host


@pytest.mark.parametrize(
    ("pattern", "host", "port", "is_covered"),
    [
        ("api.example.com", "api.example.com", 1, True),
        ("API.Example.com.", "api.example.com", 1, True),
        ("api.example.com", "API.EXAMPLE.COM.", 1, True),
        ("api.example.com", "xapi.example.com", 1, False),
        ("api.example.com", "x.api.example.com", 1, False),
        ("api.example.com:443", "api.example.com", 443, True),
        ("api.example.com:443", "api.example.com", 80, False),
        ("*.example.org", "a.example.org", 1, True),
        ("*.example.org", "a.b.example.org", 1, True),
        ("*.example.org", "example.org", 1, False),
        ("*.example.org", "badexample.org", 1, False),
        ("*.example.org:8443", "a.example.org", 8443, True),
        ("*.example.org:8443", "a.example.org", 443, False),
        ("*", "anything", 1, True),
        ("*:80", "anything", 81, False),
        ("10.0.0.1", "10.0.0.1", 1, True),
        ("[::1]:80", "0:0::1", 80, True),
        ("[::1]", "::1", 9, True),
        ("::1", "::1", 9, True),
        ("bücher.example", "xn--bcher-kva.example", 1, True),
    ],
)
def test_a_pattern_covers_what_it_says(pattern: str, host: str, port: int, is_covered: bool) -> None:
    assert HostPattern.read(pattern).matches(plain_host(host), port) is is_covered


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "http://a",
        "a/b",
        "a:",
        "a:0",
        "a:65536",
        "a:x",
        "*.",
        "*a",
        "a.*",
        "*.1.2.3.4",
        "[::1",
        "*.*.a",
        "a@b",
    ],
)
def test_a_pattern_that_means_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a host"):
        HTTPClientGrant.model_validate({"hosts": [text]})


@pytest.mark.parametrize("grant", [{}, {"hosts": ["a"], "host": ["b"]}, {"hosts": ["a"], "methods": ["G T"]}])
def test_a_misspelt_or_missing_restriction_is_an_error(grant: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HTTPClientGrant.model_validate(grant)


async def test_hosts_outside_the_grant_are_refused_by_name_of_the_rule(server: Any, opened: Any, names: Any) -> None:
    grant = {"hosts": [f"a.test:{server.port}", "*.b.test"], "private": True}
    async with opened(names(["127.0.0.1"])) as guest:
        for host in ("a.test", "A.Test", "x.b.test"):
            assert (await guest.granted(server.url(host=host), grant)).is_ok
        for url in (server.url(host="b.test"), server.url(), "http://a.test:1/"):
            answer = await guest.granted(url, grant)
            host = url.split("/")[2]
            assert (answer.code, answer.error) == (403, f"not granted: host {host} (grants.httpclient.hosts)")
    assert len(server.seen) == 3


async def test_a_refused_host_is_not_even_looked_up(opened: Any, names: Any) -> None:
    asked = names(["127.0.0.1"])
    async with opened(asked) as guest:
        await guest.granted("http://secret-data.evil.test/", {"hosts": ["a.test"]})
    assert asked.asked == []


async def test_methods_outside_the_grant_are_refused(server: Any, guest: Any) -> None:
    grant = {"hosts": ["127.0.0.1"], "methods": ["get"], "private": True}
    assert (await guest.granted(server.url(), grant)).is_ok
    assert (await guest.granted(server.url(), grant, "")).is_ok
    answer = await guest.granted(server.url(), grant, "DELETE")
    assert (answer.code, answer.error) == (403, "not granted: method DELETE (grants.httpclient.methods)")

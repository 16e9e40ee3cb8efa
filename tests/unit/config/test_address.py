from contextlib import suppress
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarmac_core.config import Address, parse_address

_hosts = (
    st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True) | st.ip_addresses(v=4).map(str) | st.just("")
)
_ports = st.integers(0, 65535)


@given(_hosts | st.ip_addresses(v=6).map(str), _ports)
def test_an_address_survives_being_written_and_read(host: str, port: int) -> None:
    assert parse_address(str(Address(host, port))) == (host, port)


@given(st.text())
def test_any_text_gives_an_address_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert 0 <= parse_address(text).port <= 65535


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8443", ("0.0.0.0", 8443)),
        (":8080", ("", 8080)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
        (" :https ", ("", 443)),
        ("", ("", 443)),
    ],
)
def test_addresses_are_read_as_go_reads_them(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


def test_empty_text_takes_the_default_port() -> None:
    assert parse_address("", default_port=80) == ("", 80)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("localhost", "has no port"),
        ("[::1]", "has no port"),
        ("::1:80", "in brackets"),
        ("[nope]:80", "no IPv6 address"),
        ("host:99999", "0 to 65535"),
        ("host:-1", "0 to 65535"),
        ("host:٣", "0 to 65535"),
        ("host:", "0 to 65535"),
        ("http://0.0.0.0:80", "is a URL"),
        ("a b:80", "space"),
    ],
)
def test_wrong_addresses_are_told_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_address(text)


def test_ipv6_addresses_lose_their_brackets() -> None:
    assert IPv6Address(parse_address("[fe80::1]:1").host) == IPv6Address("fe80::1")

"""Kinds of addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tarmac_httpclient.addresses import kind_of
from tarmac_httpclient.connections import _checked_socket
from tarmac_httpclient.faults import RefusedError


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert kind_of(address) == "public"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "0.0.0.0"),
        *("255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::", "::1", "fc00::1", "fdff::1"),
        *("ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1"),
        *("64:ff9b:1::a00:1", "2001:0:7f00:1::1", "fec0::1", "2001:db8::1"),
    ],
)
def test_all_others_are_private_also_within_one_of_ipv6(address: str) -> None:
    assert kind_of(address) == "private"


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "::ffff:169.254.169.254"),
        *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254", "fd00:ec2::254", "100.100.100.200"),
    ],
)
def test_link_local_addresses_and_services_of_metadata_are_told_apart(address: str) -> None:
    assert kind_of(address) == "link-local"


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_of_the_same_kind_however_it_is_wrapped(address: object) -> None:
    assert kind_of(f"::ffff:{address}") == kind_of(f"64:ff9b::{address}") == kind_of(str(address))


def test_the_socket_itself_is_refused_to_an_address_that_slipped_through() -> None:
    with pytest.raises(RefusedError, match="private address"):
        _checked_socket(False, (2, 1, 6, "", ("127.0.0.1", 80)))
    _checked_socket(True, (2, 1, 6, "", ("127.0.0.1", 80))).close()
    with pytest.raises(RefusedError, match="link-local"):
        _checked_socket(True, (2, 1, 6, "", ("169.254.169.254", 80)))

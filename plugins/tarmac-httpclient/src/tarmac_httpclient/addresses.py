"""Kinds of addresses. What an address leads to counts: an IPv4 address within an IPv6 one is looked at itself.

Source: the special-purpose address registries of IANA, RFC 6052 (64:ff9b::/96), RFC 3056 (2002::/16), RFC 4380 (2001::/32).
"""

import ipaddress
from typing import Literal, TypeAlias

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Kind = Literal["public", "private", "link-local"]

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_TRANSLATED_LOCALLY = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
# Services that hand out an instance's credentials, at addresses that are not link-local.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192")))


def kind_of(text: str) -> Kind:
    """`link-local` includes cloud metadata; `private` is all that is not reached through the internet, loopback too."""
    address = ipaddress.ip_address(text.partition("%")[0])
    kinds = {_own_kind(one) for one in (address, *_within(address))}
    return "link-local" if "link-local" in kinds else "private" if "private" in kinds else "public"


def _own_kind(address: Address) -> Kind:
    if address.is_link_local or address in _METADATA:
        return "link-local"
    if not address.is_global or address.is_multicast or address.is_reserved:
        return "private"
    return "public"


def _within(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that packets to this address may end at."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _TRANSLATED or address in _TRANSLATED_LOCALLY or address in _COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return tuple(one for one in found if one is not None)

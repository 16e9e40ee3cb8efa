"""Kinds of addresses. What an address leads to counts: an IPv4 address within an IPv6 one is looked at itself.

Source: the special-purpose address registries of IANA, RFC 6052 (64:ff9b::/96), RFC 3056 (2002::/16), RFC 4380 (2001::/32).
"""

import ipaddress
from functools import lru_cache
from typing import Literal, TypeAlias

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Kind = Literal["public", "private", "link-local"]

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_TRANSLATED_LOCALLY = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
# Services that hand out an instance's credentials, at addresses that are not link-local.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192")))


@lru_cache(1024)
def kind_of(text: str) -> Kind:
    """`link-local` includes cloud metadata; `private` is all that is not reached through the internet, loopback too."""
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    kinds = {_own_kind(one) for one in (address, *_tunnelled(address))}
    return "link-local" if "link-local" in kinds else "private" if "private" in kinds else "public"


def _own_kind(address: Address) -> Kind:
    if address.is_link_local or address in _METADATA:
        return "link-local"
    is_site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    if not address.is_global or address.is_multicast or address.is_reserved or is_site_local:
        return "private"
    return "public"


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that this one is only another spelling of."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    return address.ipv4_mapped or (_last_four(address) if address in _TRANSLATED else address)


def _tunnelled(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """Other IPv4 addresses that packets to this address may end at."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _TRANSLATED_LOCALLY or address in _COMPATIBLE:
        found.append(_last_four(address))
    return tuple(one for one in found if one is not None)


def _last_four(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)

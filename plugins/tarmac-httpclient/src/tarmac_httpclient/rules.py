"""What one call may do: the function's grant and the configuration, asked before each hop."""

from dataclasses import dataclass

from yarl import URL

from tarmac_httpclient.addresses import kind_of
from tarmac_httpclient.faults import RefusedError
from tarmac_httpclient.grant import HTTPClientGrant
from tarmac_httpclient.hosts import plain_host


@dataclass(frozen=True, slots=True)
class Rules:
    """`grant` is None where nothing restricts the function."""

    grant: HTTPClientGrant | None
    allows_private: bool

    @property
    def may_reach_private(self) -> bool:
        """Whether private and loopback addresses may be connected."""
        return self.allows_private and (self.grant is None or self.grant.private)

    def check(self, method: str, url: URL, *, is_insecure: bool) -> None:
        """Raise `RefusedError` if the grant does not cover a request; its address is checked where it is connected."""
        grant = self.grant
        if grant is None:
            return
        if grant.methods and method.upper() not in grant.methods:
            raise RefusedError(f"not granted: method {method} (grants.httpclient.methods)")
        if is_insecure and not grant.insecure:
            raise RefusedError("not granted: certificates must be verified (grants.httpclient.insecure)")
        host, port = plain_host(url.raw_host or ""), url.port or 0
        if not any(pattern.matches(host, port) for pattern in grant.patterns):
            raise RefusedError(f"not granted: host {host}:{port} (grants.httpclient.hosts)")


def check_address(host: str, address: str, *, may_reach_private: bool) -> None:
    """Raise `RefusedError` if `host` leads to an `address` that may not be connected."""
    kind = kind_of(address)
    if kind == "link-local":
        raise RefusedError(f"not allowed: {host} leads to a link-local address, which no function may reach")
    if kind == "private" and not may_reach_private:
        raise RefusedError(
            f"not allowed: {host} leads to a private address (grants.httpclient.private, httpclient_allow_private)"
        )

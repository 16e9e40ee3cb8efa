"""What a function's `grants` say about kvstore, and how a call is measured against it."""

from functools import cached_property

from pydantic import Field

from tarmac_core.plugin import Call, HostCallError, StoreGrant


class KVGrant(StoreGrant):
    """`{"stores": ["default"], "prefix": "users/", "read_only": false}`; the prefix is checked, never added."""

    prefix: str = Field("", description="Keys that the function may reach begin with this; `keys` shows only those.")
    read_only: bool = Field(False, description="Refuses set, delete and cas.")

    @cached_property
    def prefix_bytes(self) -> bytes:
        """The prefix as keys have it."""
        return self.prefix.encode()


def check_key(call: Call, key: bytes) -> None:
    """Raise a 403 if the calling function's grant does not cover this key."""
    grant = call.grant
    if isinstance(grant, KVGrant) and not key.startswith(grant.prefix_bytes):
        raise HostCallError(403, f'not granted: keys must begin with "{grant.prefix}" (grants.kvstore.prefix)')


def check_write(call: Call, key: bytes) -> None:
    """Raise a 403 if the calling function's grant does not let it change this key."""
    grant = call.grant
    if isinstance(grant, KVGrant) and grant.read_only:
        raise HostCallError(403, "not granted: the store may only be read (grants.kvstore.read_only)")
    check_key(call, key)


def narrowed(call: Call, prefix: bytes) -> bytes | None:
    """The prefix of the keys that the function may see of those it asked for; None for none at all."""
    granted = call.grant.prefix_bytes if isinstance(call.grant, KVGrant) else b""
    if prefix.startswith(granted):
        return prefix
    return granted if granted.startswith(prefix) else None

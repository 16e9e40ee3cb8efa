"""What a store implements, in bytes, without any knowledge of guests or formats."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import NamedTuple, TypeAlias, TypeVar

from tarmac_core.plugin import BackendError

T = TypeVar("T")

Answer: TypeAlias = T | Awaitable[T]
"""A value at once, or an awaitable of it from a store that has to wait. A value costs no task."""


class KVError(BackendError):
    """A store's failure; guests read its text, so it names no secret, address or path of the host."""


class NotSupportedError(KVError):
    """What was asked for is beyond this store."""


class Page(NamedTuple):
    """Some keys, and where to go on; an empty cursor means that there are no more."""

    keys: list[bytes]
    cursor: bytes = b""


class KVBackend(ABC):
    """One opened store. Methods run on the event loop and must not block it; each may be `async def` or answer at once.

    Keys have 1 to `MAX_KEY_BYTES` bytes of any kind, values any length; both return exactly as they went in, also empty
    values. Failures raise `KVError`; any other exception is logged and guests only read `internal error`. What `set`,
    `delete` and `cas` have answered is as safe as the store can make it. Closing belongs to the backend's `open`.
    """

    @abstractmethod
    def get(self, key: bytes) -> Answer[bytes | None]:
        """Return the value, or None for a key that is missing or has expired."""

    @abstractmethod
    def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> Answer[None]:
        """Store the value; with `ttl_ms` > 0 it vanishes after that time, else it stays, whatever was there before.

        A store with coarser times rounds up. Raises `NotSupportedError` for a `ttl_ms` where it has no expiry.
        """

    @abstractmethod
    def delete(self, key: bytes) -> Answer[None]:
        """Remove the key; one that is missing is no error."""

    @abstractmethod
    def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Answer[Page]:
        """Return keys that begin with `prefix`, from `cursor` on, in any order.

        `limit` 0 means all of them in one page without repeats; else about `limit`, as the store finds handy. Going on until
        the cursor is empty gives each key that was there all the time at least once. A cursor comes from guests: one that
        cannot be read raises `KVError`.
        """

    def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> Answer[bool]:
        """Store `value` only if the key holds `expected` now, as one step; tell whether it did.

        `expected` None means that the key must not exist, `value` None that it is deleted.
        """
        raise NotSupportedError("compare-and-set is not supported by this store")

    @abstractmethod
    def health(self) -> Answer[None]:
        """Return if the store works now, raise `KVError` with the reason if not."""

"""What a guest asked for, apart from the format it was written in, and how each says what went wrong.

The original's texts differ between its two formats, hence `is_json`.
"""

from typing import NamedTuple, Protocol


class Request(Protocol):
    """Any of the requests."""

    def failure(self, cause: object) -> str:
        """The text for the guest."""


class KeyRequest(Request, Protocol):
    """A request about one key."""

    @property
    def key(self) -> bytes:
        """The key as the guest sent it, of any length."""

    @property
    def is_json(self) -> bool:
        """Whether it came as JSON."""


class GetRequest(NamedTuple):
    """Fetch one value."""

    key: bytes
    is_json: bool

    def failure(self, cause: object) -> str:
        """The text for the guest."""
        return f"Unable to fetch key {_named(self.key, cause) if self.is_json else cause}"


class SetRequest(NamedTuple):
    """Store one value; `data` None means that the guest sent none, which is an error."""

    key: bytes
    data: bytes | None
    ttl_ms: int
    is_json: bool

    def failure(self, cause: object) -> str:
        """The text for the guest."""
        return _unable_to_store(self.key, cause, is_json=self.is_json)


class DeleteRequest(NamedTuple):
    """Remove one key."""

    key: bytes
    is_json: bool

    def failure(self, cause: object) -> str:
        """The text for the guest."""
        return f"Unable to delete key {_named(self.key, cause) if self.is_json else cause}"


class KeysRequest(NamedTuple):
    """List keys."""

    prefix: bytes = b""
    cursor: bytes = b""
    limit: int = 0

    def failure(self, cause: object) -> str:
        """The text for the guest."""
        return f"Unable to fetch keys - {cause}"


class CasRequest(NamedTuple):
    """Replace one value if it is `expected`; None means a missing key."""

    key: bytes
    expected: bytes | None
    data: bytes | None
    ttl_ms: int
    is_json: bool

    def failure(self, cause: object) -> str:
        """The text for the guest."""
        return _unable_to_store(self.key, cause, is_json=self.is_json)


def _unable_to_store(key: bytes, cause: object, *, is_json: bool) -> str:
    return f"Unable to store data using key {_named(key, cause)}" if is_json else f"Unable to store data - {cause}"


def _named(key: bytes, cause: object) -> str:
    return f"{key.decode('utf-8', 'replace')} - {cause}"

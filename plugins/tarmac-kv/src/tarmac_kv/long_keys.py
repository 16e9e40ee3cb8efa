"""Long keys on stores that only take short ones: kept by a hash, with the full key beside the value."""

from hashlib import sha256

_HASH_BYTES = 32
_LENGTH_BYTES = 4


class LongKeys:
    """Maps keys of any length to stored keys of at most `limit_bytes`.

    A key shorter than the limit is stored as it is. A longer one becomes its first bytes and its SHA-256, exactly
    `limit_bytes` long, so that the two kinds never meet and scans by prefix still find it in its range. Its record begins
    with the full key.
    """

    def __init__(self, limit_bytes: int) -> None:
        if limit_bytes <= _HASH_BYTES:
            raise ValueError(f"limit_bytes is {limit_bytes}: must be more than the {_HASH_BYTES} bytes of the hash")
        self._limit_bytes = limit_bytes
        self._head_bytes = limit_bytes - _HASH_BYTES

    def stored(self, key: bytes) -> bytes:
        """The key under which the store keeps `key`."""
        if len(key) < self._limit_bytes:
            return key
        return key[: self._head_bytes] + sha256(key).digest()

    def start(self, prefix: bytes) -> bytes:
        """The common beginning of all stored keys whose full keys begin with `prefix`, as far as it is stored."""
        return prefix[: self._head_bytes]

    def is_hashed(self, stored: bytes) -> bool:
        """Whether the full key is in the record."""
        return len(stored) == self._limit_bytes

    def pack(self, key: bytes, value: bytes) -> bytes:
        """The record of `key`: the value, behind the full key where that is needed."""
        if len(key) < self._limit_bytes:
            return value
        return len(key).to_bytes(_LENGTH_BYTES, "big") + key + value

    def unpack(self, stored: bytes, record: bytes | memoryview) -> tuple[bytes, memoryview]:
        """Return the full key and a view of the value."""
        view = memoryview(record)
        if not self.is_hashed(stored):
            return stored, view
        end = _LENGTH_BYTES + int.from_bytes(view[:_LENGTH_BYTES], "big")
        return bytes(view[_LENGTH_BYTES:end]), view[end:]

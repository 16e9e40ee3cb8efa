"""Keys of any bytes in NATS's alphabet, `-/_=.a-zA-Z0-9`, where dots part words that are never empty.

A key that NATS allows stays as it is. In others each byte outside the alphabet, and each dot that would leave a word empty,
becomes `=_` and two upper-case hex digits; `=` before `_` becomes `=_3D`; and after a dot at the end comes `=_`. A key whose
name would then have `NAME_LENGTH` characters or more is cut and ends in the SHA-256 of the key; its message carries the whole
key in the header `FULL_KEY`. So no two keys share a name, and a key's words begin its name.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256

FULL_KEY = "Tarmac-Key"

NAME_LENGTH = 1024
"""Short enough for the 4,096 bytes that a server allows for a command with subject and reply."""

_HASH_LENGTH = 64
_HEAD_LENGTH = NAME_LENGTH - _HASH_LENGTH
_PLAIN = re.compile(rb"[-/_a-zA-Z0-9]+(?:\.[-/_a-zA-Z0-9]+)*")
_TO_ESCAPE = re.compile(r"[^-/_=.a-zA-Z0-9]|\A\.|(?<=\.)\.|=(?=_)")
_ESCAPE = re.compile(r"=_([0-9A-F]{2})?")


def name_of(key: bytes) -> str:
    """The name under which the bucket holds `key`."""
    if len(key) < NAME_LENGTH and _PLAIN.fullmatch(key):
        return key.decode("ascii")
    name = _escaped(key)
    if name.endswith("."):
        name += "=_"
    return name if len(name) < NAME_LENGTH else name[:_HEAD_LENGTH] + sha256(key).hexdigest()


def headers_of(key: bytes, name: str) -> dict[str, str]:
    """What the message of `key` carries beside the value."""
    return {} if len(name) < NAME_LENGTH else {FULL_KEY: b64encode(key).decode("ascii")}


def key_of(name: str, headers: Mapping[str, str] | None) -> bytes | None:
    """The key that is kept as `name`; None for a name of another program's that no key has."""
    plain = name.encode()
    if len(name) < NAME_LENGTH and _PLAIN.fullmatch(plain):
        return plain
    try:
        key = _unescaped(name) if len(name) < NAME_LENGTH else b64decode((headers or {}).get(FULL_KEY, ""))
    except ValueError:
        return None
    return key if name_of(key) == name else None


def words_of(prefix: bytes) -> str:
    """A filter over names: the whole words that begin every name of a key with that prefix, and all below them."""
    words, dot, _ = _escaped(prefix)[:_HEAD_LENGTH].rpartition(".")
    return f"{words}{dot}>"


def _escaped(key: bytes) -> str:
    return _TO_ESCAPE.sub(lambda found: f"=_{ord(found[0]):02X}", key.decode("latin-1"))


def _unescaped(name: str) -> bytes:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "", name).encode("latin-1")

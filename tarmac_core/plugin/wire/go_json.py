"""JSON text exactly as Go's encoding/json reads and writes it, since guests were built against that.

Source of the rules: the documentation of Go's packages encoding/json and encoding/base64, and measured behaviour.
"""

import base64
import binascii
import json
import re
import sys
from collections.abc import Iterable
from typing import Any

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_WRITTEN_ESCAPED = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_NEWLINES = frozenset(b"\r\n")
_PADDING = ord("=")


class JSONError(ValueError):
    """Text that Go would not accept for the wanted fields."""


def read_object(payload: bytes) -> dict[str, Any]:
    """Read an object, its keys in lower case since Go matches them in any case; the last of equal ones counts."""
    try:
        pairs = json.loads(
            payload.decode("utf-8", "surrogateescape"),
            object_pairs_hook=Members,
            parse_int=_whole,
            parse_constant=_refuse_constant,
        )
    except JSONError:
        raise
    except (ValueError, RecursionError) as error:
        raise JSONError(f"not JSON: {error}") from error
    if pairs is None:
        return {}
    if not isinstance(pairs, Members):
        raise JSONError("not an object")
    # A null leaves a Go field as it was.
    return {key.lower(): value for key, value in pairs if value is not None}


class Members(list[tuple[str, Any]]):
    """The members of an object as they were written."""


def _whole(text: str) -> int:
    # What has more digits is too large for 64 bits and for a float, whatever its end; reading all of it would take time that
    # grows with the square of its length, and Python refuses it.
    return int(text[:400])


def _refuse_constant(name: str) -> object:
    raise JSONError(f"{name} is not JSON")


def text_field(members: dict[str, Any], name: str) -> str | None:
    """A string, or None where there is none; what is not Unicode is replaced as Go does."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise JSONError(f"{name} is not a string")
    return _LONE_SURROGATES.sub("\ufffd", value)


def whole_field(members: dict[str, Any], name: str) -> int:
    """A whole number from 0 to 2**53, however it is written; 0 where there is none."""
    value = number_field(members, name)
    if not 0 <= value < 2**53 or value != int(value):
        raise JSONError(f"{name} is not a whole number")
    return int(value)


def number_field(members: dict[str, Any], name: str) -> float:
    """A number, 0 where there is none."""
    value = members.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        raise JSONError(f"{name} is not a number of 64 bits")
    return float(value)


def list_field(members: dict[str, Any], name: str) -> list[Any]:
    """A list, empty where there is none."""
    value = members.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or isinstance(value, Members):
        raise JSONError(f"{name} is not a list")
    return value


def write_text(text: str | bytes) -> str:
    """A JSON string with quotes; bytes that are not UTF-8 become the escape of U+FFFD, as in Go."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return _WRITTEN_ESCAPED.sub(_escape, json.dumps(text, ensure_ascii=False))


def write_texts(texts: Iterable[bytes]) -> str:
    """A JSON list of what `write_text` makes of each, in a fraction of the time: a store may have a million keys."""
    decoded = [text.decode("utf-8", "surrogateescape") for text in texts]
    return _WRITTEN_ESCAPED.sub(_escape, json.dumps(decoded, ensure_ascii=False, separators=(",", ":")))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


def write_base64(data: bytes) -> str:
    """Standard base64 with padding, as a JSON string."""
    return f'"{base64.b64encode(data).decode("ascii")}"'


def read_base64(text: str) -> bytes:
    """Decode standard base64; raises `JSONError` with Go's text, which names the first byte that is wrong."""
    data = text.encode()
    plain = data.translate(None, b"\r\n")
    try:
        decoded = binascii.a2b_base64(plain, strict_mode=True)
        # The strict mode lets padding pass behind whole groups.
        is_right = len(plain) == (len(decoded) + 2) // 3 * 4
    except binascii.Error:
        is_right = False
    if not is_right:
        raise JSONError(f"illegal base64 data at input byte {_first_wrong_byte(data)}")
    return decoded


def _first_wrong_byte(data: bytes) -> int:
    """Where Go's decoder stops in a text that is wrong somewhere."""
    in_group = padding = 0
    for position, byte in enumerate(data):
        if byte in _NEWLINES:
            continue
        if padding and in_group + padding == 4:
            return position
        if byte == _PADDING:
            if in_group < 2:
                return position
            padding += 1
        elif padding:
            # Only the second `=` may follow the first; Go blames the byte before the one it finds instead.
            return position - 1
        elif byte in _ALPHABET:
            in_group = (in_group + 1) % 4
        else:
            return position
    return len(data) if padding else len(data) - in_group

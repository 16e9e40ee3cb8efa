"""Puts parameters into a statement's text, in place of each `?`, so that none can ever become SQL.

Text and bytes are written in hexadecimal. So whatever a value holds, it adds nothing but digits and letters A to F to the text,
under each `sql_mode` and character set, and even where a `?` was mistaken for a placeholder.
"""

import math
import re
from functools import lru_cache

from tarmac_sql import SQLError, Value

# What has no end reaches to the text's end, so that nothing is looked through twice.
_NAMES = r"`[^`]*(?:`|\Z)"
_COMMENTS = r"--(?=\s|\Z)[^\n]*|#[^\n]*|/\*(?![!M]).*?(?:\*/|\Z)"
_STRINGS = r"'(?:[^'\\]|\\.|\\\Z)*(?:'|\Z)" + r'|"(?:[^"\\]|\\.|\\\Z)*(?:"|\Z)'
_PLAIN_STRINGS = r"'[^']*(?:'|\Z)" + r'|"[^"]*(?:"|\Z)'
_SPLIT = re.compile(f"({_STRINGS}|{_NAMES}|{_COMMENTS})|(\\?)", re.DOTALL)
_SPLIT_PLAIN = re.compile(f"({_PLAIN_STRINGS}|{_NAMES}|{_COMMENTS})|(\\?)", re.DOTALL)
_KEPT_LENGTH = 4000


def filled(text: str, args: tuple[Value, ...], *, has_backslashes: bool) -> str:
    """The text with its parameters; `has_backslashes` tells whether `\\` escapes in strings of this session."""
    parts = _parts(text, has_backslashes) if len(text) > _KEPT_LENGTH else _kept_parts(text, has_backslashes)
    if len(parts) != len(args) + 1:
        raise SQLError(f"the statement has {len(parts) - 1} placeholders (?), and {len(args)} parameters were given")
    pieces = [""] * (2 * len(args) + 1)
    pieces[::2] = parts
    pieces[1::2] = map(_literal, args)
    return "".join(pieces)


def _parts(text: str, has_backslashes: bool) -> tuple[str, ...]:
    """What stands between the placeholders."""
    parts, start = [], 0
    for match in (_SPLIT if has_backslashes else _SPLIT_PLAIN).finditer(text):
        if match[2]:
            parts.append(text[start : match.start()])
            start = match.end()
    return (*parts, text[start:])


_kept_parts = lru_cache(maxsize=500)(_parts)


def _literal(value: Value) -> str:
    """With spaces around, so that it never grows together with what stands beside it."""
    match value:
        case None:
            return " NULL "
        case bool():
            return " TRUE " if value else " FALSE "
        case int():
            return f" {value} "
        case float():
            return _number(value)
        case str():
            return f" _utf8mb4 X'{value.encode().hex()}' "
        case _:
            return f" _binary X'{value.hex()}' "


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise SQLError(f"a parameter is {value}, which the server has no number for")
    text = repr(value)
    # With an exponent it is a DOUBLE, else a DECIMAL.
    return f" {text} " if "e" in text else f" {text}e0 "

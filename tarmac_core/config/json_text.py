"""Strict JSON with positions: the standard library judges the syntax, one walk then notes where each value stands."""

import json
import math
import re
from bisect import bisect_right

from tarmac_core.config.node import Content, Node, TextError, decode

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[^\s,\]}]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NOT_JSON = ("NaN", "Infinity", "-Infinity")


def parse_json(data: bytes) -> Node:
    """Parse a whole file. Raises `TextError` with line and column.

    Refused beyond syntax: duplicate keys, NaN and infinities, numbers that no float holds, halves of surrogate pairs.
    """
    text = decode(data)
    _check_syntax(text)
    try:
        return _Walk(text).top()
    except RecursionError:
        raise TextError("is nested too deeply", 1, 1, "use fewer levels") from None


def _check_syntax(text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        what, remedy = _in_words(error, text)
        raise TextError(what, error.lineno, error.colno, remedy) from None
    except RecursionError:
        raise TextError("is nested too deeply", 1, 1, "use fewer levels") from None
    except ValueError:
        raise TextError("holds a whole number with too many digits", 1, 1, "use a smaller number") from None


def _in_words(error: json.JSONDecodeError, text: str) -> tuple[str, str]:
    rest = text[error.pos :].lstrip()
    if not text.strip():
        return "is empty", "write at least {}"
    if text.startswith("\ufeff"):
        return "starts with a byte order mark", "save the file as UTF-8 without one"
    if rest.startswith(("//", "/*", "#")):
        return "is not valid JSON: comments are not allowed", "remove the comment"
    if error.msg == "Extra data":
        return "is not valid JSON: there is text after the end", "remove it"
    if not rest:
        return "is not valid JSON: it ends too early", "close every bracket and quote"
    return f"is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}", ""


class _Walk:
    """Walks over text that is known to be valid JSON, apart from NaN and infinities."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def top(self) -> Node:
        start = self._skip_space()
        return self._node(self._content(), start)

    def _content(self) -> Content:
        start = self._skip_space()
        first = self._text[start]
        if first == "{":
            return self._object()
        if first == "[":
            return self._array()
        return self._string() if first == '"' else self._word()

    def _object(self) -> dict[str, Node]:
        members: dict[str, Node] = {}
        self._at += 1
        while self._text[start := self._skip_space()] != "}":
            key = self._string()
            if key in members:
                first = members[key]
                what = f"the key {key!r} appears twice, first in line {first.line} column {first.column}"
                raise self._error(what, start, "remove one of them")
            self._skip_space()
            self._at += 1
            members[key] = self._node(self._content(), start)
            self._skip_comma()
        self._at += 1
        return members

    def _array(self) -> list[Node]:
        items: list[Node] = []
        self._at += 1
        while self._text[start := self._skip_space()] != "]":
            items.append(self._node(self._content(), start))
            self._skip_comma()
        self._at += 1
        return items

    def _string(self) -> str:
        start = self._at
        text: str
        text, self._at = _DECODER.raw_decode(self._text, start)
        if _SURROGATE.search(text):
            raise self._error("half of a surrogate pair is not a character", start, "write the character itself")
        return text

    def _word(self) -> object:
        start = self._at
        match = _WORD.match(self._text, start)
        word = match.group() if match else ""
        self._at += len(word)
        if word in _WORDS:
            return _WORDS[word]
        if word in _NOT_JSON:
            raise self._error(f"is not valid JSON: {word} is not a number", start, "use a number")
        number: int | float = json.loads(word)
        if math.isinf(number):
            raise self._error("the number is too large", start, "use a smaller number")
        return number

    def _skip_space(self) -> int:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _skip_comma(self) -> None:
        if self._text[self._skip_space()] == ",":
            self._at += 1

    def _node(self, value: Content, start: int) -> Node:
        line, column = self._position(start)
        return Node(value, line, column)

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def _error(self, what: str, start: int, remedy: str) -> TextError:
        line, column = self._position(start)
        return TextError(what, line, column, remedy)

"""`?`, which every database of Tarmac takes as a placeholder, as the server's own `$1`, `$2`, ...

Quoting as in PostgreSQL's manual, "Lexical Structure". Everything is read once, front to back, however a guest writes it; what
is not closed runs to the end of the text, and the server says what is wrong with it.
"""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
    [eE]'(?:[^'\\]|''|\\.)*+(?:'|\\?\Z)         # a string with escapes
    | '[^']*+(?:'|\Z) | "[^"]*+(?:"|\Z)         # a string, a name; doubled quotes are two of them
    | --[^\n]*+
    | (?P<comment>/\*)
    | (?P<dollars>\$(?:[^\W\d]\w*+)?\$)         # a string until the same again
    | [^\W\d][\w$]*+                            # a word, which may hold a $
    | (?P<own>\$\d)
    | (?P<mark>\?)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def numbered(text: str) -> str:
    """The text with `$1`, ... for each `?`; as it is where it has `$1` itself, since `?` is an operator then."""
    if "?" not in text:
        return text
    parts, end = [], 0
    for number, position in enumerate(_marks(text), 1):
        parts.append(f"{text[end:position]}${number}")
        end = position + 1
    return "".join(parts) + text[end:]


def _marks(text: str) -> list[int]:
    """Where the placeholders are; nowhere if there are some of the server's own."""
    marks = []
    for token in _tokens(text):
        if token["own"]:
            return []
        if token["mark"]:
            marks.append(token.start())
    return marks


def _tokens(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while token := _TOKEN.search(text, position):
        yield token
        if token["comment"]:
            position = _comment_end(text, token.end())
        elif token["dollars"]:
            position = _after(text, token["dollars"], token.end())
        else:
            position = token.end()


def _comment_end(text: str, position: int) -> int:
    """Comments nest."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return len(text) if depth else position


def _after(text: str, end: str, position: int) -> int:
    found = text.find(end, position)
    return len(text) if found < 0 else found + len(end)

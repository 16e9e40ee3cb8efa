import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarmac_core.config.json_text import parse_json
from tarmac_core.config.node import Node, TextError

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=20,
)


def with_nulls(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: with_nulls(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [with_nulls(child) for child in node.value]
    return node.value


@given(_values, st.sampled_from([None, 0, 3]), st.booleans())
def test_any_value_is_read_as_the_standard_library_reads_it(value: object, indent: int | None, is_ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    assert with_nulls(parse_json(text.encode())) == json.loads(text)


@given(st.lists(_texts, unique=True, min_size=1, max_size=5), st.integers(0, 5))
def test_every_member_stands_where_its_key_stands(keys: list[str], spaces: int) -> None:
    lines = ",\n".join(f"{' ' * spaces}{json.dumps(key)}: {index}" for index, key in enumerate(keys))
    node = parse_json(f"{{\n{lines}\n}}".encode())
    assert isinstance(node.value, dict)
    for index, key in enumerate(keys):
        member = node.value[key]
        assert (member.value, member.line, member.column) == (index, index + 2, spaces + 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ('{"a": 1,\n "a": 2}', 2, 2, "the key 'a' appears twice, first in line 1 column 2"),
        ('{"a": {"b": 1, "b": 1}}', 1, 16, "appears twice"),
        ('{\n  // why\n  "a": 1}', 2, 3, "comments are not allowed"),
        ('{"a": 1} /* end */', 1, 10, "comments are not allowed"),
        ('{"a": 1}\n{"b": 2}', 2, 1, "text after the end"),
        ('\ufeff{"a": 1}', 1, 1, "byte order mark"),
        ('{"a":\n NaN}', 2, 2, "NaN is not a number"),
        ('{"a": -Infinity}', 1, 7, "-Infinity is not a number"),
        ('{"a": 1e999}', 1, 7, "too large"),
        ('{"a": 1', 1, 8, "ends too early"),
        ('{"a": "\\ud800"}', 1, 7, "surrogate"),
        ("", 1, 1, "is empty"),
        (" \n", 1, 1, "is empty"),
        ('{"a": 01}', 1, 8, "not valid JSON"),
        ("[" * 100_000, 1, 1, "nested too deeply"),
        ("[" * 900 + "]" * 900, 1, 1, "nested too deeply"),
        ("1" * 5000, 1, 1, "too many digits"),
    ],
)
def test_bad_text_is_refused_with_its_place(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(TextError) as caught:
        parse_json(text.encode())
    assert what in caught.value.what
    if text.strip():
        assert (caught.value.line, caught.value.column) == (line, column)


def test_bytes_that_are_not_utf8_are_refused_with_their_place() -> None:
    with pytest.raises(TextError, match="is not valid UTF-8") as caught:
        parse_json('{"é":\n "é'.encode() + b"\xff")
    assert (caught.value.line, caught.value.column) == (2, 4)

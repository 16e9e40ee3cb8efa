"""`?` becomes the server's own placeholder where it is one."""

import time

import pytest
from tarmac_sql_postgres.placeholders import numbered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT ?, ?", "SELECT $1, $2"),
        ("?", "$1"),
        ("a=?AND b=?", "a=$1AND b=$2"),
        ("'?', ?", "'?', $1"),
        ("'it''s ?', ?", "'it''s ?', $1"),
        (r"'\', ?", r"'\', $1"),
        (r"E'\'?', ?", r"E'\'?', $1"),
        (r"e'a''\'?', ?", r"e'a''\'?', $1"),
        (r"type'\', ?", r"type'\', $1"),
        ('"a?""?", ?', '"a?""?", $1'),
        ("$$?$$, ?", "$$?$$, $1"),
        ("$a$? $b$ ?$a$, ?", "$a$? $b$ ?$a$, $1"),
        ("a$b$c, ?", "a$b$c, $1"),
        ("? -- ?\n, ?", "$1 -- ?\n, $2"),
        ("/* ? /* ? */ ? */ ?", "/* ? /* ? */ ? */ $1"),
        ("? /* ?", "$1 /* ?"),
        ("? '?", "$1 '?"),
        (r"? E'?\\"[:-1], r"$1 E'?\\"[:-1]),
        ("? $$ ?", "$1 $$ ?"),
        ("a ? $1", "a ? $1"),
        ("a ?| $12", "a ?| $12"),
        ("'$1', ?", "'$1', $1"),
    ],
)
def test_marks_outside_of_quotes_and_comments_are_numbered(text: str, expected: str) -> None:
    assert numbered(text) == expected


@pytest.mark.parametrize("part", ["'", "e'\\", "/*", "$a$", "$a{}$", "--", '"', "/*$$'", "? "])
def test_no_text_takes_long(part: str) -> None:
    text = "? " + "".join(part.format(number) for number in range(200_000))
    began_s = time.process_time()
    assert numbered(text).startswith("$1 ")
    assert time.process_time() - began_s < 2

import pytest

from tarmac_core.config.node import Node, TextError
from tarmac_core.config.toml_text import parse_toml


def members(node: Node) -> dict[str, Node]:
    assert isinstance(node.value, dict)
    return node.value


def test_every_key_knows_its_line() -> None:
    text = b'debug = true\n[redis]\n# a comment\nserver = "x"\n"pass word" = "y"\n'
    root = members(parse_toml(text + b'[stores."a.b"]\nbackend="z"\n\n[a]\nb.c = 1\n'))
    redis = members(root["redis"])
    assert root["debug"].line == 1
    assert (root["redis"].line, redis["server"].line, redis["pass word"].line) == (2, 4, 5)
    assert members(members(root["stores"])["a.b"])["backend"].line == 7
    assert members(members(root["a"])["b"])["c"].line == 10


def test_text_that_looks_like_keys_inside_strings_and_lists_moves_no_line() -> None:
    root = members(
        parse_toml(b'trace = true\nnote = """\ntrace = 1\n[redis]\n"""\nrows = [\n  [1, 2]\n]\ndebug = false\n')
    )
    assert [root[key].line for key in ("trace", "note", "debug")] == [1, 2, 9]


def test_items_of_arrays_of_tables_are_read() -> None:
    assert parse_toml(b"[[a]]\nb=1\n[[a]]\nb=2\n").plain() == {"a": [{"b": 1}, {"b": 2}]}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [(b"a = \n", 1, 5), (b"a = 1\na = 2\n", 2, 6), (b'x = 1\nb = "', 2, 0), (b"\xef\xbb\xbfa = 1", 1, 1)],
)
def test_broken_text_is_refused_with_its_place(text: bytes, line: int, column: int) -> None:
    with pytest.raises(TextError, match="is not valid TOML") as caught:
        parse_toml(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "(at " not in caught.value.what


def test_keys_nested_too_deeply_are_refused() -> None:
    for text in (b"a = " + b"[" * 50_000, b".".join([b"a"] * 5000) + b" = 1"):
        with pytest.raises(TextError, match="nested too deeply"):
            parse_toml(text)

import pytest

from tarmac_core.config.node import TextError
from tarmac_core.config.yaml_text import parse_yaml


def test_plain_values_stay_text_so_that_each_setting_reads_its_own() -> None:
    text = b"permissions: 0600\npassword: 0123\nversion: 1.10\ndebug: true\nhosts: [a, 2]\nquoted: 'null'\n"
    assert parse_yaml(text).plain() == {
        "permissions": "0600",
        "password": "0123",
        "version": "1.10",
        "debug": "true",
        "hosts": ["a", "2"],
        "quoted": "null",
    }


def test_null_is_unset() -> None:
    assert parse_yaml(b"a:\nb: ~\nc: null\nd: ''\n").plain() == {"d": ""}


def test_every_key_knows_its_place() -> None:
    root = parse_yaml(b"a: 1\nredis:\n  server: x\n")
    assert isinstance(root.value, dict)
    redis = root.value["redis"]
    assert isinstance(redis.value, dict)
    assert (redis.line, redis.value["server"].line, redis.value["server"].column) == (2, 3, 3)


def test_merge_keys_bring_in_defaults() -> None:
    text = b"base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\none: {<<: *b, x: 9}\ntwo: {<<: [*b, *m]}\n"
    plain = parse_yaml(text).plain()
    assert isinstance(plain, dict)
    assert (plain["one"], plain["two"]) == ({"x": "9", "y": "1"}, {"x": "1", "y": "1", "z": "2"})


def test_an_empty_file_is_an_empty_table() -> None:
    assert parse_yaml(b"# nothing\n").plain() == {}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (b"a: 1\na: 2\n", 2, "appears twice"),
        (b"a: 1\n\tb: 2\n", 2, "is not valid YAML"),
        (b"a: [1\n", 2, "is not valid YAML"),
        (b"a: 1\n---\nb: 2\n", 2, "is not valid YAML"),
        (b"? [a, b]\n: 1\n", 1, "a key must be text"),
        (b"a: &a [*a]\n", 1, "nested too deeply"),
        (b"a: \x01\n", 0, "control character"),
    ],
)
def test_broken_text_is_refused_with_its_place(text: bytes, line: int, what: str) -> None:
    with pytest.raises(TextError) as caught:
        parse_yaml(text)
    assert what in caught.value.what
    assert caught.value.line == line


def test_aliases_that_multiply_end_in_an_error_instead_of_all_memory() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(TextError, match="nested too deeply"):
        parse_yaml("\n".join(lines).encode())


def test_a_password_that_looks_like_an_alias_is_not_repeated() -> None:
    with pytest.raises(TextError) as caught:
        parse_yaml(b"redis_password: *hunter2\n")
    assert "hunter2" not in caught.value.what + caught.value.remedy
    assert caught.value.line == 1

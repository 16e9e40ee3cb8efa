"""Keys of any bytes in NATS's alphabet."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tarmac_kv_nats.keys import NAME_LENGTH, headers_of, key_of, name_of, words_of

PARTS = st.sampled_from(
    [b"a", b"Z", b".", b"..", b"=", b"_", b"=_", b"3", b"D", b":", b" ", b"\0", b"\xff", b"/", b"x" * 400]
)
KEYS = st.one_of(st.binary(min_size=1, max_size=50), st.lists(PARTS, min_size=1, max_size=12).map(b"".join))
VALID = re.compile(r"[-/_=a-zA-Z0-9]+(\.[-/_=a-zA-Z0-9]+)*")


@given(KEYS)
def test_a_key_comes_back_from_a_name_that_nats_allows(key: bytes) -> None:
    name = name_of(key)
    assert VALID.fullmatch(name)
    assert len(name) <= NAME_LENGTH
    assert key_of(name, headers_of(key, name)) == key


@given(KEYS, KEYS)
def test_no_two_keys_share_a_name(one: bytes, other: bytes) -> None:
    assert (name_of(one) == name_of(other)) == (one == other)


@given(KEYS, KEYS | st.just(b""))
def test_a_filter_of_words_misses_no_key_with_the_prefix(prefix: bytes, rest: bytes) -> None:
    words = words_of(prefix)
    assert words.endswith(">")
    start = words[:-1]
    name = name_of(prefix + rest)
    assert name.startswith(start)
    assert len(name) > len(start)


@given(st.text("abZ09-_/=.:", min_size=1, max_size=20))
def test_a_name_of_another_program_is_its_own_key_or_none(name: str) -> None:
    assert (key := key_of(name, None)) is None or name_of(key) == name


@pytest.mark.parametrize("key", [b"a", b"users/1", b"a.b.c", b"x=1", b"a==", b"=a", b"A-b_c", b"k" * 1023])
def test_a_key_that_nats_allows_stays_as_it_is(key: bytes) -> None:
    assert name_of(key) == key.decode()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (b"a b", "a=_20b"),
        (b"a:b", "a=_3Ab"),
        (b".a", "=_2Ea"),
        (b"a..b", "a.=_2Eb"),
        (b"a.", "a.=_"),
        (b".", "=_2E"),
        (b"a=_b", "a=_3D_b"),
        ("ü".encode(), "=_C3=_BC"),
    ],
)
def test_other_keys_are_escaped(key: bytes, name: str) -> None:
    assert name_of(key) == name
    assert key_of(name, None) == key


@pytest.mark.parametrize("length", [1024, 5000, 32_768])
def test_a_long_key_is_cut_and_told_apart_by_its_hash(length: int) -> None:
    one, other = b"k" * length, b"k" * (length - 1) + b"l"
    assert len(name_of(one)) == len(name_of(other)) == NAME_LENGTH
    assert name_of(one) != name_of(other)
    assert key_of(name_of(one), None) is None
    assert key_of(name_of(one), headers_of(other, name_of(other))) is None


@pytest.mark.parametrize(
    ("prefix", "words"),
    [(b"", ">"), (b"users", ">"), (b"users.", "users.>"), (b"a.b.c", "a.b.>"), (b"a b.c", "a=_20b.>"), (b"a..", "a.>")],
)
def test_a_prefix_is_filtered_by_its_whole_words(prefix: bytes, words: str) -> None:
    assert words_of(prefix) == words

"""Text as Go's encoding/json and encoding/base64 read and write it."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarmac_core.plugin.wire.go_json import (
    JSONError,
    list_field,
    number_field,
    read_base64,
    read_object,
    text_field,
    whole_field,
    write_base64,
    write_text,
    write_texts,
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ("a<b>&c", r'"a\u003cb\u003e\u0026c"'),
        ('"\\/', r'"\"\\/"'),
        ("\n\r\t\b\f", r'"\n\r\t\b\f"'),
        ("\0\x1f\x7f", '"\\u0000\\u001f\x7f"'),
        ("\u2028\u2029", r'"\u2028\u2029"'),
        ("ключ 😀", '"ключ 😀"'),
        ("\ufffd", '"\ufffd"'),
        (b"a\xffb\xfe\xfd", r'"a\ufffdb\ufffd\ufffd"'),
    ],
)
def test_strings_are_written_as_go_writes_them(text: str | bytes, written: str) -> None:
    assert write_text(text) == written


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (b'{"key":"a"}', "a"),
        (b' \n{"KEY":"a"}\t\r\n', "a"),
        (b'{"Key":"a","kEY":"b"}', "b"),
        (b'{"key":"a","key":null}', "a"),
        (b'{"other":[{"key":"x"}],"key":"a"}', "a"),
        (b'{"key":"\\u00e9\\ud83d\\ude00"}', "é😀"),
        (b'{"key":"\\ud800x"}', "\ufffdx"),
        (b'{"key":"\xff\xfe"}', "\ufffd\ufffd"),
        (b'{"n":%b,"key":"a"}' % (b"9" * 5000), "a"),
        (b"null", None),
        (b"{}", None),
    ],
)
def test_objects_are_read_as_go_reads_them(payload: bytes, key: str | None) -> None:
    assert text_field(read_object(payload), "key") == key


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b'"a"',
        b"5",
        b'{"key":"a"}x',
        b'{"key":"a"}{}',
        b'{"key":NaN}',
        b'{"key":Infinity}',
        b'{"key":"a\nb"}',
        b"{'key':'a'}",
        b'{"key":"a",}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        '{"key":"a"}'.encode("utf-16"),
    ],
)
def test_what_go_refuses_is_refused(payload: bytes) -> None:
    with pytest.raises(JSONError):
        read_object(payload)


@pytest.mark.parametrize("value", ["5", "true", "[]", "{}", "1.5"])
def test_a_field_of_another_type_is_refused(value: str) -> None:
    with pytest.raises(JSONError):
        text_field(read_object(b'{"key":%b}' % value.encode()), "key")


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("5", 5), ("5.0", 5), ("1e3", 1000), ("null", 0)])
def test_whole_numbers(value: str, number: int) -> None:
    assert whole_field(read_object(b'{"n":%b}' % value.encode()), "n") == number


def test_whole_numbers_stay_exact() -> None:
    assert list_field(read_object(b'{"N":[9007199254740993, 1.0]}'), "n") == [2**53 + 1, 1.0]


@pytest.mark.parametrize("value", ["1", "{}", '"a"', "true"])
def test_a_list_of_another_type_is_refused(value: str) -> None:
    with pytest.raises(JSONError):
        list_field(read_object(f'{{"n":{value}}}'.encode()), "n")


@pytest.mark.parametrize(("value", "number"), [("-1.5", -1.5), ("7", 7.0), ("null", 0.0), ("1" + "0" * 40, 1e40)])
def test_numbers(value: str, number: float) -> None:
    assert number_field(read_object(f'{{"n":{value}}}'.encode()), "n") == number


@pytest.mark.parametrize("value", ["1e400", "-1e400", "9" * 5000, '"5"', "true", "[]"])
def test_what_no_64_bits_hold_is_no_number(value: str) -> None:
    with pytest.raises(JSONError):
        number_field(read_object(f'{{"n":{value}}}'.encode()), "n")


@pytest.mark.parametrize("value", ["-1", "1.5", '"5"', "true", "1e300", "9007199254740992"])
def test_other_numbers_are_refused(value: str) -> None:
    with pytest.raises(JSONError):
        whole_field(read_object(b'{"n":%b}' % value.encode()), "n")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("A", 0),
        ("AA", 0),
        ("AAA", 0),
        ("AAAA=", 4),
        ("AAAAA", 4),
        ("=", 0),
        ("A=", 1),
        ("AA=", 3),
        ("AA=A", 2),
        ("AA==A", 4),
        ("AAA=A", 4),
        ("AAAA*", 4),
        ("AA AA", 2),
        ("AA-_", 2),
        ("A\nA\r\n", 3),
        ("AAAAé", 4),
    ],
)
def test_wrong_base64_names_the_byte_that_go_names(text: str, position: int) -> None:
    with pytest.raises(JSONError, match=re.escape(f"illegal base64 data at input byte {position}") + "$"):
        read_base64(text)


@pytest.mark.parametrize(
    ("text", "data"),
    [("", b""), ("AA==", b"\0"), ("AB==", b"\0"), ("A\r\nA=\n=\n", b"\0"), ("\n\r", b""), ("+/+/", b"\xfb\xff\xbf")],
)
def test_what_go_decodes_is_decoded(text: str, data: bytes) -> None:
    assert read_base64(text) == data


@given(st.binary(max_size=500))
def test_base64_round_trip(data: bytes) -> None:
    text = write_base64(data)
    assert text == f'"{base64.b64encode(data).decode()}"'
    assert read_base64(text[1:-1]) == data


RIGHT = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


@given(st.text(alphabet="AZaz09+/=\r\n*-", max_size=12))
def test_exactly_the_right_texts_are_decoded(text: str) -> None:
    plain = text.replace("\r", "").replace("\n", "")
    if RIGHT.fullmatch(plain):
        assert read_base64(text) == base64.b64decode(plain)
    else:
        with pytest.raises(JSONError):
            read_base64(text)


def test_a_list_of_texts_is_that_of_the_single_ones() -> None:
    texts = [b"user:1", "é<&>\u2028".encode(), b"\xff\xfe", b'"\\\n\x01\x7f', b"\xed\xa0\x80", b""]
    assert write_texts(texts) == f"[{','.join(map(write_text, texts))}]"
    assert write_texts([]) == "[]"

"""Which bytes are a message: the rules of the parser that guests were built against."""

import json
import time
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tarmac_kv.kvstore_pb2 import KVStoreGet, KVStoreGetResponse, KVStoreSet, Status
from tarmac_kv.wire_protobuf import encode_value

from tarmac_core.plugin.wire import protobuf

MessageT = TypeVar("MessageT", KVStoreGet, KVStoreSet)

# The original took this for an empty message.
SWALLOWED = (
    b'{"key":"dpxV4BE9r:ABoSmmHhTEYY","data":"ND6FbTSKFtZTBlOaVWMaSTLIvi9fRhgPA3mZ8BdElelpWRcL3clUm2Bj'
    b'I1575b4MERBhfR40Y1lcbA=="}'
)


def parse(kind: type[MessageT], payload: bytes) -> MessageT | None:
    return protobuf.parse(kind, payload, "key")


@pytest.mark.parametrize(
    "payload",
    [
        b"\x08\x05",
        b"\x0d\0\0\0\0",
        b"\x0b\x0c",
        b"\x0a\x01k\x08\x05",
        b"\0\0",
        b"\x02\x00",
        b"\x0a\x05ab",
        b"\x0a",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x0c",
        b"\x1b",
        b"\x0e",
        b"\x0f",
    ],
    ids=[
        "varint for bytes",
        "fixed32 for bytes",
        "group for bytes",
        "wrong type after a right one",
        "field 0",
        "field 0 as bytes",
        "cut value",
        "cut length",
        "length too long",
        "end of no group",
        "group without end",
        "wire type 6",
        "wire type 7",
    ],
)
def test_what_the_original_refuses_is_no_message(payload: bytes) -> None:
    assert parse(KVStoreGet, payload) is None


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (b"", b""),
        (b"\x0a\x02\xff\xfe", b"\xff\xfe"),
        (b"\x7a\x01x\x0a\x01k", b"k"),
        (b"\x1b\x08\x01\x1c\x0a\x01k", b"k"),
        (b"\x0a\x01a\x0a\x01b", b"b"),
        (b"\x0a\x00", b""),
    ],
    ids=["empty", "not utf-8", "unknown field", "unknown group", "last of two", "present and empty"],
)
def test_what_the_original_accepts_is_a_message(payload: bytes, key: bytes) -> None:
    message = parse(KVStoreGet, payload)
    assert message is not None
    assert message.key == key


def test_absent_data_and_empty_data_are_two_things() -> None:
    absent, empty = parse(KVStoreSet, b"\x0a\x01k"), parse(KVStoreSet, b"\x0a\x01k\x12\x00")
    assert absent is not None
    assert empty is not None
    assert (absent.HasField("data"), empty.HasField("data")) == (False, True)


def test_what_begins_with_a_brace_is_json_even_if_it_parses_as_protobuf() -> None:
    assert KVStoreSet.FromString(b"{|\x0a\x01k").key == b"k"
    assert parse(KVStoreSet, b"{|\x0a\x01k") is None
    assert parse(KVStoreSet, SWALLOWED) is None


def test_a_newline_and_a_brace_are_protobuf_only_with_known_fields_alone() -> None:
    key = b'{"' + b"k" * 121
    exact = b"\n{" + key
    assert len(key) == 0x7B
    message = parse(KVStoreGet, exact)
    assert message is not None
    assert message.key == key
    assert parse(KVStoreGet, exact + b"\x7a\x01x") is None
    assert parse(KVStoreSet, exact + b"\x12\x01v") is not None


def test_a_json_request_that_is_exactly_a_key_is_json() -> None:
    for payload in (b'\n  {"key": "WTLo", "data": "WTLo"}', (b'\n{"key":"%s"}' % (b"k" * 114))):
        assert KVStoreSet.FromString(payload).key
        assert parse(KVStoreSet, payload) is None


@pytest.mark.parametrize(
    "key", [b"{user}:12", b'{"id":12}', b'{"a":%d}' % 10**25, b" {" + b"k" * 30, b"\n{" + b"k" * 8]
)
def test_a_key_that_looks_like_json_is_a_key(key: bytes) -> None:
    assert len(key) in (9, 10, 32)
    message = parse(KVStoreGet, KVStoreGet(key=key).SerializeToString())
    assert message is not None
    assert message.key == key


def test_json_behind_a_space_is_json_even_if_it_parses_as_unknown_fields() -> None:
    payload = (
        b' {"key": "0000000\\u001f\\u001f\\u001f\\u001f\\u001f\\r\\u000b\\ud800\\udc00\\ud800\\udc00", "data": "0"}'
    )
    assert KVStoreSet.FromString(b" {").key == b""
    assert parse(KVStoreSet, b" {") is None
    assert parse(KVStoreSet, payload) is None


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_every_message_of_ours_is_read_as_protobuf(key: bytes, data: bytes) -> None:
    message = parse(KVStoreSet, KVStoreSet(key=key, data=data).SerializeToString())
    assert message is not None
    assert (message.key, message.data) == (key, data)


@given(st.text(max_size=300), st.binary(max_size=300), st.sampled_from(["", " ", "\r\n", "\t", "  \n"]))
def test_no_json_object_is_read_as_protobuf(key: str, data: bytes, lead: str) -> None:
    payload = (lead + json.dumps({"key": key, "data": data.hex()})).encode()
    assert parse(KVStoreSet, payload) is None


@given(st.binary(max_size=70_000))
def test_the_joined_answer_is_the_message(data: bytes) -> None:
    whole = KVStoreGetResponse(status=Status(code=200, status="OK"), data=data)
    assert KVStoreGetResponse.FromString(encode_value(data)) == whole


def test_millions_of_unknown_fields_are_no_message_and_do_not_take_seconds() -> None:
    value = KVStoreSet(key=b"key", data=bytes(8 << 20)).SerializeToString()
    few, many = b"\x78\x00" * 100, b"\x78\x00" * (4 << 20)
    before_s = time.process_time()
    assert parse(KVStoreSet, value + many) is None
    assert time.process_time() - before_s < 1
    message = parse(KVStoreSet, value + few)
    assert message is not None
    assert message.key == b"key"

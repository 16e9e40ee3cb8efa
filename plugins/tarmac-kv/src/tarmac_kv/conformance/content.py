"""Keys and values, as they are."""

import os

import pytest

from tarmac_kv.backend import KVBackend
from tarmac_kv.conformance.suite import Suite, answered
from tarmac_kv.limits import MAX_KEY_BYTES


class Bytes(Suite):
    """Keys and values go in and come out as they are."""

    @pytest.mark.parametrize(
        "value",
        [b"", b"\0", b"text", bytes(range(256)), b"\xff\xfe", b"{", os.urandom(1 << 20)],
        ids=["empty", "zero", "text", "all bytes", "not utf-8", "brace", "1 MiB"],
    )
    async def test_a_value_comes_back_as_it_was_set(self, store: KVBackend, own: bytes, value: bytes) -> None:
        await answered(store.set(own, value))
        fetched = await answered(store.get(own))
        assert type(fetched) is bytes
        assert fetched == value

    @pytest.mark.parametrize(
        "tail",
        [b" ", b"\0", b"\0\0a", b"a:b*c?[d]>.$", b"\xff\xfe\xfd", "ключ".encode(), bytes(range(256)), b"a/b\\c\r\n"],
        ids=["space", "zero", "zeros", "signs", "not utf-8", "unicode", "all bytes", "lines"],
    )
    async def test_a_key_may_have_any_bytes(self, store: KVBackend, own: bytes, tail: bytes) -> None:
        await answered(store.set(own + tail, b"value"))
        assert await answered(store.get(own + tail)) == b"value"
        assert (await answered(store.keys(prefix=own))).keys == [own + tail]
        await answered(store.delete(own + tail))
        assert await answered(store.get(own + tail)) is None

    @pytest.mark.parametrize("byte", range(0, 256, 15))
    async def test_a_key_may_have_one_byte(self, store: KVBackend, byte: int) -> None:
        key = bytes((byte,))
        await answered(store.set(key, b"short"))
        assert await answered(store.get(key)) == b"short"
        await answered(store.delete(key))

    @pytest.mark.parametrize("length", [200, 254, 255, 256, 478, 479, 480, 510, 511, 512, 1024, MAX_KEY_BYTES])
    async def test_a_key_may_be_long(self, store: KVBackend, own: bytes, length: int) -> None:
        key = own.ljust(length - 1, b"k")
        await answered(store.set(key + b"1", b"one"))
        await answered(store.set(key + b"2", b"two"))
        assert await answered(store.get(key + b"1")) == b"one"
        assert await answered(store.get(key + b"2")) == b"two"
        assert await answered(store.get(key + b"3")) is None
        assert sorted((await answered(store.keys(prefix=own))).keys) == [key + b"1", key + b"2"]
        await answered(store.delete(key + b"1"))
        assert (await answered(store.keys(prefix=own))).keys == [key + b"2"]

    async def test_keys_that_begin_alike_are_different_keys(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own + b"a", b"1"))
        await answered(store.set(own + b"a\0", b"2"))
        await answered(store.set(own + b"A", b"3"))
        assert [await answered(store.get(own + key)) for key in (b"a", b"a\0", b"A")] == [b"1", b"2", b"3"]


class Keys(Suite):
    """Missing, replaced and deleted keys."""

    async def test_a_missing_key_is_none(self, store: KVBackend, own: bytes) -> None:
        assert await answered(store.get(own)) is None

    async def test_set_replaces_the_value(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"first, and longer"))
        await answered(store.set(own, b"second"))
        assert await answered(store.get(own)) == b"second"
        assert (await answered(store.keys(prefix=own))).keys == [own]

    async def test_a_deleted_key_is_gone(self, store: KVBackend, own: bytes) -> None:
        await answered(store.set(own, b"value"))
        await answered(store.delete(own))
        assert await answered(store.get(own)) is None
        assert (await answered(store.keys(prefix=own))).keys == []

    async def test_deleting_a_missing_key_is_no_error(self, store: KVBackend, own: bytes) -> None:
        await answered(store.delete(own))

    async def test_all_keys_are_listed_without_a_prefix(self, store: KVBackend, own: bytes) -> None:
        names = {own + str(number).encode() for number in range(20)}
        for name in names:
            await answered(store.set(name, b""))
        page = await answered(store.keys())
        assert names <= set(page.keys)
        assert len(page.keys) == len(set(page.keys))
        assert page.cursor == b""

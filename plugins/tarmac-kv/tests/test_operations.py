"""Every answer and text of the host calls, in both formats."""

import base64
import json
from typing import Any

import pytest
from tarmac_kv import KVError, Page
from tarmac_kv.kvstore_pb2 import (
    KVStoreCas,
    KVStoreCasResponse,
    KVStoreDelete,
    KVStoreDeleteResponse,
    KVStoreGet,
    KVStoreGetResponse,
    KVStoreKeys,
    KVStoreKeysResponse,
    KVStoreSet,
    KVStoreSetResponse,
)

LOST = "connection lost"
MISSING = "nil value returned from database"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def test_protobuf_set_get_keys_delete(serving: Any, store: Any) -> None:
    async with serving(store) as kv:
        done = await kv.call("set", KVStoreSet(key=b"\xff\xfe", data=b"\0v").SerializeToString())
        assert done.is_ok
        assert KVStoreSetResponse.FromString(done.payload).status.status == "OK"
        found = KVStoreGetResponse.FromString((await kv.call("get", b"\x0a\x02\xff\xfe")).payload)
        assert (found.status.code, found.status.status, found.data) == (200, "OK", b"\0v")
        keys = await kv.call("keys", KVStoreKeys(return_proto=True).SerializeToString())
        assert list(KVStoreKeysResponse.FromString(keys.payload).keys) == [b"\xff\xfe"]
        gone = await kv.call("delete", KVStoreDelete(key=b"\xff\xfe").SerializeToString())
        assert KVStoreDeleteResponse.FromString(gone.payload).status.code == 200
        assert (await kv.call("get", b"\x0a\x02\xff\xfe")).code == 404


async def test_json_set_get_keys_delete_byte_for_byte(serving: Any, store: Any) -> None:
    async with serving(store) as kv:
        assert (await kv.call("set", b'{"key":"a","data":"AHY="}')).payload == b'{"status":{"code":200,"status":"OK"}}'
        assert (await kv.call("get", b'{"key":"a"}')).payload == b'{"status":{"code":200,"status":"OK"},"data":"AHY="}'
        assert (await kv.call("keys", b"")).payload == b'{"keys":["a"],"status":{"code":200,"status":"OK"}}'
        assert (await kv.call("delete", b'{"key":"a"}')).payload == b'{"status":{"code":200,"status":"OK"}}'
        assert (await kv.call("keys", b"")).payload == b'{"keys":null,"status":{"code":200,"status":"OK"}}'


@pytest.mark.parametrize("form", ["protobuf", "json"])
async def test_an_empty_value_is_stored(serving: Any, store: Any, form: str) -> None:
    put, fetch = {
        "protobuf": (KVStoreSet(key=b"a", data=b"").SerializeToString(), KVStoreGet(key=b"a").SerializeToString()),
        "json": (b'{"key":"a","data":""}', b'{"key":"a"}'),
    }[form]
    async with serving(store) as kv:
        assert (await kv.call("set", put)).is_ok
        answer = await kv.call("get", fetch)
        assert answer.is_ok
        if form == "json":
            assert json.loads(answer.payload)["data"] == ""


@pytest.mark.parametrize(
    ("operation", "payload", "code", "text"),
    [
        ("get", b"", 400, "key cannot be nil"),
        ("get", b"\x0a\x01k", 404, f"Unable to fetch key {MISSING}"),
        ("get", b"\x0a\x81\x80\x02" + bytes(32_769), 400, "key is longer than 32768 bytes"),
        ("set", b"", 400, "Data cannot be nil"),
        ("set", b"\x0a\x01k", 400, "Data cannot be nil"),
        ("set", b"\x12\x01v", 400, "key cannot be nil"),
        ("set", b"\x12\x00", 400, "key cannot be nil"),
        ("delete", b"", 400, "key cannot be nil"),
        ("cas", b"", 400, "key cannot be nil"),
        (
            "set",
            KVStoreSet(key=b"k", data=b"", ttl_ms=2**64 - 1).SerializeToString(),
            400,
            "Unable to store data - ttl_ms is more than 3153600000000",
        ),
    ],
)
async def test_protobuf_refusals(
    serving: Any, store: Any, operation: str, payload: bytes, code: int, text: str
) -> None:
    async with serving(store) as kv:
        answer = await kv.call(operation, payload)
        status = KVStoreSetResponse.FromString(answer.payload).status
        assert (answer.code, answer.error) == (code, text)
        assert (status.code, status.status) == (code, text)


@pytest.mark.parametrize(
    ("operation", "payload", "code", "text"),
    [
        ("get", b"{", 400, "Error Parsing Input"),
        ("get", b'{"key":5}', 400, "Error Parsing Input"),
        ("get", b"[]", 400, "Error Parsing Input"),
        ("get", b"{" * 100_000, 400, "Error Parsing Input"),
        ("get", b"{}", 400, "Unable to fetch key  - key cannot be nil"),
        ("get", b'{"key":"a<b"}', 404, f"Unable to fetch key a<b - {MISSING}"),
        ("set", b'{"key":"a","data":"AHY=","ttl_ms":-1}', 400, "Error Parsing Input"),
        ("set", b'{"key":"a"}', 400, "Data cannot be nil"),
        ("set", b'{"data":"AHY="}', 400, "Unable to store data using key  - key cannot be nil"),
        ("set", b'{"key":"a","data":"AHY"}', 400, "Unable to decode data - illegal base64 data at input byte 0"),
        ("set", b'{"key":"a","data":"AHYA*"}', 400, "Unable to decode data - illegal base64 data at input byte 4"),
        ("delete", b"{]", 400, "Error Parsing Input"),
        ("delete", b"{}", 400, "Unable to delete key  - key cannot be nil"),
        ("cas", b'{"key":"a","expected":"*"}', 400, "Unable to decode expected - illegal base64 data at input byte 0"),
        ("keys", b"{[", 400, "Error Parsing Input"),
    ],
)
async def test_json_refusals(serving: Any, store: Any, operation: str, payload: bytes, code: int, text: str) -> None:
    async with serving(store) as kv:
        answer = await kv.call(operation, payload)
        assert (answer.code, answer.error) == (code, text)
        assert json.loads(answer.payload)["status"] == {"code": code, "status": text}


async def test_json_failures_have_all_fields_of_the_answer(serving: Any, failing: Any) -> None:
    async with serving(failing) as kv:
        got = await kv.call("get", b'{"key":"a"}')
        assert got.payload == (b'{"status":{"code":500,"status":"Unable to fetch key a - connection lost"},"data":""}')
        listed = await kv.call("keys", b"")
        assert listed.payload == (
            b'{"keys":null,"status":{"code":500,"status":"Unable to fetch keys - connection lost"}}'
        )


@pytest.mark.parametrize(
    ("operation", "payload", "text"),
    [
        ("get", b"\x0a\x01k", f"Unable to fetch key {LOST}"),
        ("get", b'{"key":"k"}', f"Unable to fetch key k - {LOST}"),
        ("set", b"\x0a\x01k\x12\x01v", f"Unable to store data - {LOST}"),
        ("set", b'{"key":"k","data":""}', f"Unable to store data using key k - {LOST}"),
        ("delete", b"\x0a\x01k", f"Unable to delete key {LOST}"),
        ("delete", b'{"key":"k"}', f"Unable to delete key k - {LOST}"),
        ("keys", b"\x08\x01", f"Unable to fetch keys - {LOST}"),
        ("keys", b"", f"Unable to fetch keys - {LOST}"),
        ("cas", b"\x0a\x01k", f"Unable to store data - {LOST}"),
    ],
)
async def test_a_store_that_fails_is_500_never_404(
    serving: Any, failing: Any, operation: str, payload: bytes, text: str
) -> None:
    async with serving(failing) as kv:
        answer = await kv.call(operation, payload)
        assert (answer.code, answer.error) == (500, text)


async def test_other_exceptions_are_not_shown_to_guests(serving: Any, instant: Any) -> None:
    def secret(_key: bytes) -> bytes:
        raise RuntimeError("password is swordfish")

    instant.get = secret
    async with serving(instant) as kv:
        answer = await kv.call("get", b"\x0a\x01k")
        assert (answer.code, answer.error) == (500, "internal error")
        assert b"swordfish" not in answer.payload
        assert isinstance(answer.cause, RuntimeError)


async def test_a_payload_of_keys_that_is_no_message_lists_all_keys(serving: Any, store: Any) -> None:
    async with serving(store) as kv:
        await kv.call("set", b"\x0a\x01k\x12\x01v")
        for payload in (b"\xff", b"\x08\x01", b" {", b"\x0a\x05"):
            answer = KVStoreKeysResponse.FromString((await kv.call("keys", payload)).payload)
            assert list(answer.keys) == [b"k"]


async def test_keys_by_prefix_and_page(serving: Any, store: Any) -> None:
    async with serving(store) as kv:
        for number in range(5):
            await kv.call("set", KVStoreSet(key=b"a%d" % number, data=b"").SerializeToString())
        await kv.call("set", KVStoreSet(key=b"b", data=b"").SerializeToString())
        found: list[bytes] = []
        cursor = b""
        while True:
            asked = KVStoreKeys(prefix=b"a", cursor=cursor, limit=2).SerializeToString()
            page = KVStoreKeysResponse.FromString((await kv.call("keys", asked)).payload)
            found += page.keys
            cursor = page.cursor
            if not cursor:
                break
        assert found == [b"a0", b"a1", b"a2", b"a3", b"a4"]
        first = await kv.call("keys", b'{"prefix":"a","limit":2}')
        assert first.payload == (
            b'{"keys":["a0","a1"],"status":{"code":200,"status":"OK"},"cursor":"%b"}' % b64(b"a1").encode()
        )
        second = await kv.call("keys", b'{"prefix":"a","cursor":"%b"}' % b64(b"a1").encode())
        assert json.loads(second.payload)["keys"] == ["a2", "a3", "a4"]


async def test_compare_and_set_in_both_formats(serving: Any, store: Any) -> None:
    async with serving(store) as kv:

        async def swapped(message: KVStoreCas) -> bool:
            answer = await kv.call("cas", message.SerializeToString())
            assert answer.is_ok
            return KVStoreCasResponse.FromString(answer.payload).swapped

        assert await swapped(KVStoreCas(key=b"k", data=b""))
        assert not await swapped(KVStoreCas(key=b"k", data=b"x"))
        assert await swapped(KVStoreCas(key=b"k", expected=b"", data=b"one"))
        answer = await kv.call("cas", b'{"key":"k","expected":"%b","data":"dHdv"}' % b64(b"one").encode())
        assert answer.payload == b'{"status":{"code":200,"status":"OK"},"swapped":true}'
        answer = await kv.call("cas", b'{"key":"k","expected":null,"data":"dHdv"}')
        assert answer.payload == b'{"status":{"code":200,"status":"OK"},"swapped":false}'
        assert await swapped(KVStoreCas(key=b"k", expected=b"two"))
        assert (await kv.call("get", b"\x0a\x01k")).code == 404


async def test_a_time_to_live_reaches_the_store_in_both_formats(serving: Any, instant: Any) -> None:
    async with serving(instant) as kv:
        await kv.call("set", KVStoreSet(key=b"k", data=b"", ttl_ms=5).SerializeToString())
        assert instant.ttl_ms == 5
        await kv.call("set", b'{"key":"k","data":"","ttl_ms":7}')
        assert instant.ttl_ms == 7


async def test_what_a_store_cannot_do_is_501_in_words(serving: Any, instant: Any) -> None:
    async with serving(instant) as kv:
        answer = await kv.call("cas", b"\x0a\x01k\x1a\x01v")
        assert answer.code == 501
        assert answer.error == "Unable to store data - compare-and-set is not supported by this store"


async def test_the_store_that_the_call_names_is_asked(serving: Any, instant: Any, store: Any) -> None:
    async with serving(store, sessions=instant) as kv:
        await kv.call("set", b"\x0a\x01k\x12\x01v", store="sessions")
        assert instant.values == {b"k": b"v"}
        assert (await kv.call("get", b"\x0a\x01k")).code == 404


async def test_a_value_at_once_costs_no_task(serving: Any, instant: Any) -> None:
    async with serving(instant) as kv:
        operation = kv.operations["get"]
        request, encode = operation.decode(b"\x0a\x01k")
        instant.set(b"k", b"v")
        call = type("Call", (), {"store": "default", "grant": None})()
        assert encode(operation.handler(call, request)) == b"\x0a\x07\x08\xc8\x01\x12\x02OK\x12\x01v"


def test_the_errors_of_stores_are_their_own_kind() -> None:
    assert issubclass(KVError, Exception)
    assert Page([b"k"]) == ([b"k"], b"")

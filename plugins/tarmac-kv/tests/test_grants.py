"""What a function's grant allows and refuses."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_kv.grants import KVGrant
from tarmac_kv.kvstore_pb2 import KVStoreCas, KVStoreDelete, KVStoreGet, KVStoreKeys, KVStoreKeysResponse, KVStoreSet

USERS = {"stores": ["default"], "prefix": "users/"}
READER = {"read_only": True}


@pytest.fixture
async def filled(serving: Any, store: Any) -> Any:
    async with serving(store) as kv:
        for key in (b"users/1", b"users/2", b"orders/1", b"user"):
            assert (await kv.call("set", KVStoreSet(key=key, data=key).SerializeToString())).is_ok
        yield kv


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("get", KVStoreGet(key=b"orders/1")),
        ("set", KVStoreSet(key=b"orders/1", data=b"")),
        ("delete", KVStoreDelete(key=b"user")),
        ("cas", KVStoreCas(key=b"orders/1", data=b"")),
    ],
)
async def test_keys_outside_the_prefix_are_refused_by_name_of_the_rule(
    filled: Any, operation: str, message: Any
) -> None:
    answer = await filled.call(operation, message.SerializeToString(), grant=USERS)
    assert answer.code == 403
    assert answer.error == 'not granted: keys must begin with "users/" (grants.kvstore.prefix)'
    assert (await filled.call("get", b"\x0a\x08orders/1")).is_ok


async def test_keys_inside_the_prefix_work(filled: Any) -> None:
    for operation, message in (
        ("get", KVStoreGet(key=b"users/1")),
        ("set", KVStoreSet(key=b"users/3", data=b"")),
        ("delete", KVStoreDelete(key=b"users/2")),
        ("cas", KVStoreCas(key=b"users/4", data=b"")),
    ):
        assert (await filled.call(operation, message.SerializeToString(), grant=USERS)).is_ok


@pytest.mark.parametrize(
    ("asked", "shown"),
    [(b"", [b"users/1", b"users/2"]), (b"u", [b"users/1", b"users/2"]), (b"users/2", [b"users/2"]), (b"orders", [])],
)
async def test_only_keys_of_the_prefix_are_listed(filled: Any, asked: bytes, shown: list[bytes]) -> None:
    answer = await filled.call("keys", KVStoreKeys(prefix=asked, return_proto=True).SerializeToString(), grant=USERS)
    assert sorted(KVStoreKeysResponse.FromString(answer.payload).keys) == shown
    answer = await filled.call("keys", b"", grant=USERS)
    assert sorted(json.loads(answer.payload)["keys"]) == ["users/1", "users/2"]


@pytest.mark.parametrize(
    ("operation", "payload"),
    [
        ("set", KVStoreSet(key=b"users/1", data=b"").SerializeToString()),
        ("set", b'{"key":"users/1","data":""}'),
        ("delete", KVStoreDelete(key=b"users/1").SerializeToString()),
        ("cas", KVStoreCas(key=b"users/1", expected=b"users/1").SerializeToString()),
    ],
)
async def test_writes_are_refused_where_only_reading_is_granted(filled: Any, operation: str, payload: bytes) -> None:
    answer = await filled.call(operation, payload, grant=READER)
    assert answer.code == 403
    assert answer.error == "not granted: the store may only be read (grants.kvstore.read_only)"
    assert (await filled.call("get", b"\x0a\x07users/1", grant=READER)).is_ok


def test_a_misspelt_restriction_is_an_error() -> None:
    with pytest.raises(ValidationError, match="readonly"):
        KVGrant.model_validate({"readonly": True})


def test_a_prefix_may_have_any_letters() -> None:
    assert KVGrant.model_validate({"prefix": "ключи/"}).prefix_bytes == "ключи/".encode()

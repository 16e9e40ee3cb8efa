"""A real guest, built by the standard Go compiler, keeps what it computes in a bucket."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tarmac_kv.kvstore_pb2 import KVStoreKeys, KVStoreKeysResponse, KVStoreSet
from tarmac_kv.plugin import KVPlugin
from tarmac_kv_nats.store import NatsKV

from tarmac_core.testing import PluginHarness, running_guests
from tests.services.nats import NatsServer

OpenNats = Callable[..., AbstractAsyncContextManager[NatsKV]]
TAC = Path(__file__).resolve().parents[3] / "tests" / "guests" / "wasm" / "go-tac.wasm"


async def test_a_guest_keeps_its_answers_in_the_default_store(
    shared_server: NatsServer, open_with: OpenNats, tmp_path: Path
) -> None:
    async with (
        open_with(url=shared_server.url, bucket="guest") as store,
        PluginHarness(KVPlugin, data_dir=tmp_path) as kv,
    ):
        capability = await kv.capability(stores={"default": store})
        async with running_guests({"tac": TAC}, capabilities=[capability]) as guests:
            assert await guests.call("tac", b"Tarmac Example") == b"elpmaxE camraT"
            (key,) = (await store.keys()).keys
            assert await store.get(key) == b"elpmaxE camraT"
            await store.set(key, b"from another program")
            assert await guests.call("tac", b"Tarmac Example") == b"from another program"


async def test_a_grant_on_a_named_store_is_held_to_its_prefix_and_to_reading(
    shared_server: NatsServer, open_with: OpenNats, tmp_path: Path
) -> None:
    async with open_with(url=shared_server.url, bucket="granted") as store:
        for key in (b"users.1", b"users.\0", b"others.1"):
            await store.set(key, b"value")
        async with PluginHarness(KVPlugin, data_dir=tmp_path) as kv:
            capability = await kv.capability(stores={"sessions": store})
            grant = {"stores": ["sessions"], "prefix": "users.", "read_only": True}
            listing = KVStoreKeys(return_proto=True).SerializeToString()
            listed = await capability.call("keys", listing, store="sessions", grant=grant)
            assert list(KVStoreKeysResponse.FromString(listed.payload).keys) == [b"users.1", b"users.\0"]
            change = KVStoreSet(key=b"users.1", data=b"new").SerializeToString()
            assert (await capability.call("set", change, store="sessions", grant=grant)).code == 403
        assert await store.get(b"users.1") == b"value"

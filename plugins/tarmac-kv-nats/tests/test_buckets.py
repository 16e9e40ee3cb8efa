"""Buckets: made by the store or by another program, shared with it, with settings of their own."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
from nats.js import JetStreamContext, api
from nats.js.errors import KeyNotFoundError
from tarmac_kv import KVError, NotSupportedError, conformance
from tarmac_kv_nats.store import NatsKV

from tests.services.nats import NatsServer

OpenNats: TypeAlias = Callable[..., AbstractAsyncContextManager[NatsKV]]
OpenBare: TypeAlias = Callable[[str], AbstractAsyncContextManager[JetStreamContext]]


class OtherBucket:
    """A bucket of another program's: without direct requests, as with replicas, and with a history."""

    @pytest.fixture
    def open_store(
        self, shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
    ) -> Callable[[], AbstractAsyncContextManager[NatsKV]]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[NatsKV]:
            async with jetstream(shared_server.url) as js:
                await js.create_key_value(api.KeyValueConfig(bucket="history", history=5, direct=False))
            async with open_with(url=shared_server.url, bucket="history") as store:
                yield store

        return opened


class TestBytes(OtherBucket, conformance.Bytes): ...


class TestKeys(OtherBucket, conformance.Keys): ...


class TestScans(OtherBucket, conformance.Scans): ...


class TestCompareAndSet(OtherBucket, conformance.CompareAndSet): ...


async def test_other_programs_read_plain_keys_and_values(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    key, value = "users/1.name=x_Y-z", bytes(range(256))
    async with open_with(url=shared_server.url, bucket="shared") as store, jetstream(shared_server.url) as js:
        bucket = await js.key_value("shared")
        await store.set(key.encode(), value)
        assert (await bucket.get(key)).value == value
        await bucket.put("theirs", b"their value")
        assert await store.get(b"theirs") == b"their value"
        await store.delete(key.encode())
        with pytest.raises(KeyNotFoundError):
            await bucket.get(key)


async def test_what_other_programs_deleted_is_gone(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with open_with(url=shared_server.url, bucket="markers") as store, jetstream(shared_server.url) as js:
        bucket = await js.key_value("markers")
        for key in ("deleted", "purged", "kept"):
            await bucket.put(key, b"value")
        await bucket.delete("deleted")
        await bucket.purge("purged")
        assert await store.get(b"deleted") is None
        assert await store.get(b"purged") is None
        assert (await store.keys()).keys == [b"kept"]
        assert await store.cas(b"deleted", expected=None, value=b"again")
        assert await store.get(b"deleted") == b"again"


async def test_names_that_no_key_has_are_not_listed(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with open_with(url=shared_server.url, bucket="names") as store, jetstream(shared_server.url) as js:
        for name in ("a=_41", "x" * 1024, "y" * 2000, "a:b", "fine"):
            await js.publish(f"$KV.names.{name}", b"value")
        assert (await store.keys()).keys == [b"fine"]


async def test_deleting_leaves_nothing_behind(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with open_with(url=shared_server.url, bucket="growth") as store, jetstream(shared_server.url) as js:
        for number in range(50):
            key = b"%d" % number
            await store.set(key, b"old")
            await store.set(key, b"new")
            if number % 2:
                await store.delete(key)
            else:
                assert await store.cas(key, expected=b"new", value=None)
        assert (await js.stream_info("KV_growth")).state.messages == 0


async def test_many_that_make_the_bucket_at_once_use_the_same(shared_server: NatsServer, open_with: OpenNats) -> None:
    async def start(number: int) -> None:
        async with open_with(url=shared_server.url, bucket="at-once") as store:
            await store.set(b"%d" % number, b"value")

    await asyncio.gather(*(start(number) for number in range(20)))
    async with open_with(url=shared_server.url, bucket="at-once") as store:
        assert len((await store.keys()).keys) == 20


async def test_a_bucket_made_meanwhile_with_other_settings_is_used(
    shared_server: NatsServer, open_with: OpenNats
) -> None:
    async with open_with(url=shared_server.url, bucket="kind", storage="memory") as store:
        await store.set(b"key", b"value")
    async with open_with(url=shared_server.url, bucket="kind", storage="file") as store:
        assert await store.get(b"key") == b"value"


async def test_storage_and_history_are_as_set(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with (
        open_with(url=shared_server.url, bucket="volatile", storage="memory"),
        jetstream(shared_server.url) as js,
    ):
        config = (await js.stream_info("KV_volatile")).config
        assert config.storage == api.StorageType.MEMORY
        assert config.max_msgs_per_subject == 1


async def test_a_time_to_live_is_rounded_up_to_whole_seconds(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with open_with(url=shared_server.url, bucket="rounded") as store, jetstream(shared_server.url) as js:
        await store.set(b"key", b"value", ttl_ms=60_001)
        assert ((await js.get_msg("KV_rounded", subject="$KV.rounded.key")).headers or {})["Nats-TTL"] == "61s"


async def test_what_a_server_marks_as_expired_is_gone(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with jetstream(shared_server.url) as js:
        await js.create_key_value(api.KeyValueConfig(bucket="marked", limit_marker_ttl=60))
        async with open_with(url=shared_server.url, bucket="marked") as store:
            await store.set(b"key", b"value", ttl_ms=1000)
            await asyncio.sleep(1.6)
            assert (await js.stream_info("KV_marked")).state.messages == 1
            assert await store.get(b"key") is None
            assert (await store.keys()).keys == []
            assert await store.cas(b"key", expected=None, value=b"again")


async def test_a_bucket_without_expiry_says_so(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with jetstream(shared_server.url) as js:
        await js.add_stream(name="KV_plain", subjects=["$KV.plain.>"], max_msgs_per_subject=1, allow_direct=True)
    async with open_with(url=shared_server.url, bucket="plain") as store:
        with pytest.raises(NotSupportedError, match="allow_msg_ttl"):
            await store.set(b"key", b"value", ttl_ms=1000)
        with pytest.raises(NotSupportedError, match="allow_msg_ttl"):
            await store.cas(b"key", expected=None, value=b"value", ttl_ms=1000)
        assert await store.get(b"key") is None


async def test_a_long_key_is_whole_in_its_message(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    key = b"long." * 1000
    async with open_with(url=shared_server.url, bucket="long") as store, jetstream(shared_server.url) as js:
        await store.set(key, b"value")
        message = await js.get_msg("KV_long", seq=1)
        assert message.headers is not None
        assert base64.b64decode(message.headers["Tarmac-Key"]) == key
        assert message.data == b"value"


async def test_a_value_larger_than_the_server_takes_is_refused_and_nothing_breaks(
    shared_server: NatsServer, open_with: OpenNats
) -> None:
    async with open_with(url=shared_server.url, bucket="large") as store:
        await store.set(b"key", bytes(1 << 20))
        for ttl_ms, length in ((0, (1 << 20) + 1), (1000, 1 << 20)):
            with pytest.raises(KVError, match=r"the value is too large: .* at most"):
                await store.set(b"key", bytes(length), ttl_ms=ttl_ms)
        assert await store.get(b"key") == bytes(1 << 20)


async def test_a_server_that_takes_more_takes_larger_values(open_with: OpenNats) -> None:
    with NatsServer("max_payload: 8MB") as server:
        async with open_with(url=server.url) as store:
            await store.set(b"key", bytes(7 << 20), ttl_ms=60_000)
            assert await store.get(b"key") == bytes(7 << 20)


async def test_a_page_reads_no_more_than_its_part_of_the_bucket(
    shared_server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    async with open_with(url=shared_server.url, bucket="pages") as store, jetstream(shared_server.url) as js:
        for start in range(0, 3000, 100):
            await asyncio.gather(*(store.set(b"users.%d" % number, b"x") for number in range(start, start + 100)))
        await store.set(b"other.1", b"x")
        before = shared_server.ask("varz")["out_msgs"]
        page = await store.keys(limit=10)
        assert page.keys == [b"users.%d" % number for number in range(10)]
        assert (await store.keys(prefix=b"other.")).keys == [b"other.1"]
        assert shared_server.ask("varz")["out_msgs"] - before < 200
        assert len((await store.keys()).keys) == 3001
        async with asyncio.timeout(10):
            while (await js.stream_info("KV_pages")).state.consumer_count:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)

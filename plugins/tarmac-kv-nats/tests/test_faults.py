"""A server that dies, comes back, hangs, is slow or full, under load."""

import asyncio
import logging
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from nats.js import JetStreamContext
from tarmac_kv import KVError
from tarmac_kv_nats.faults import NatsOpenError
from tarmac_kv_nats.store import NatsKV

from tarmac_core.testing import Records
from tests.services.load import Load
from tests.services.nats import DEBIAN, NEW, NatsServer
from tests.services.proxy import delayed

OpenNats = Callable[..., AbstractAsyncContextManager[NatsKV]]
OpenBare = Callable[[str], AbstractAsyncContextManager[JetStreamContext]]


@pytest.mark.parametrize("program", [NEW, DEBIAN], ids=["new", "old"])
@pytest.mark.parametrize("storage", ["file", "memory"])
async def test_a_killed_server_fails_calls_in_flight_and_later_ones_succeed(
    open_with: OpenNats, records: Records, program: str, storage: str
) -> None:
    with NatsServer(program=program) as server:
        async with open_with(url=server.url, reconnect_wait=0.1, storage=storage) as store:
            load = Load(store)
            await asyncio.sleep(0.3)
            server.kill()
            await asyncio.sleep(0.3)
            with pytest.raises(KVError, match="cannot be reached"):
                await store.health()
            before = dict(load.acknowledged)
            assert before
            if storage == "memory":
                load.acknowledged.clear()
            server.start()
            await asyncio.sleep(0.7)
            await load.stop()
            assert len(load.acknowledged) > len(before) * (storage == "file")
            assert set(load.failures) == {"the store cannot be reached"}
            assert load.slowest_s < 1
            await store.health()
            assert await load.all_kept()
    warnings = records.messages(logging.WARNING)
    assert 1 <= len(warnings) <= 3
    assert all(f"nats_url {server.url}: " in warning for warning in warnings)
    assert any("answers again" in message for message in records.messages())


async def test_a_server_that_stops_in_order_is_left_and_found_again(server: NatsServer, open_with: OpenNats) -> None:
    async with open_with(url=server.url, reconnect_wait=0.1) as store:
        await store.set(b"key", b"value")
        server.stop()
        with pytest.raises(KVError, match="cannot be reached"):
            await store.get(b"key")
        server.start()
        await asyncio.sleep(0.4)
        assert await store.get(b"key") == b"value"


async def test_attempts_to_connect_again_end_when_so_set(
    server: NatsServer, open_with: OpenNats, records: Records
) -> None:
    async with open_with(url=server.url, reconnect_wait=0.05, max_reconnects=3) as store:
        server.kill()
        await asyncio.sleep(0.5)
        (error,) = records.messages(logging.ERROR)
        assert "given up after 3 attempts (nats_max_reconnects)" in error
        server.start()
        await asyncio.sleep(0.2)
        with pytest.raises(KVError, match="cannot be reached"):
            await store.get(b"key")


@pytest.mark.parametrize("ping_interval", [0.2, 20], ids=["left", "waited for"])
async def test_a_hung_server_fails_calls_within_their_limits_and_works_again_after(
    server: NatsServer, open_with: OpenNats, records: Records, ping_interval: float
) -> None:
    limits = {"connect_timeout": 0.3, "request_timeout": 0.3, "reconnect_wait": 0.1, "ping_interval": ping_interval}
    async with open_with(url=server.url, **limits) as store:
        load = Load(store)
        await asyncio.sleep(0.2)
        server.pause()
        try:
            await asyncio.sleep(1.5)
        finally:
            server.resume()
        await asyncio.sleep(0.7)
        await load.stop()
        assert set(load.failures) <= {"the store did not answer in time", "the store cannot be reached"}
        assert load.failures["the store did not answer in time"] > 0
        assert load.slowest_s < 1
        await store.health()
        assert await load.all_kept()
    assert "nats_request_timeout 0.3 s" in records.messages(logging.WARNING)[0]


async def test_what_a_hung_server_does_not_take_is_bounded_and_never_sent_later(
    server: NatsServer, open_with: OpenNats, jetstream: OpenBare
) -> None:
    limits = {"connect_timeout": 0.3, "request_timeout": 0.2, "reconnect_wait": 0.1, "ping_interval": 1}
    async with open_with(url=server.url, pending_size=4 << 20, **limits) as store:
        await store.set(b"key", b"acknowledged")
        server.pause()
        told = set()
        for number in range(40):
            with pytest.raises(KVError) as raised:
                await store.set(b"%d" % number, bytes(1 << 20))
            told.add(str(raised.value))
            if "too much waits" in str(raised.value):
                break
        assert number < 12
        assert any("too much waits" in text for text in told)
        await asyncio.sleep(3.5)
        async with asyncio.timeout(10):
            server.resume()
            while True:
                await asyncio.sleep(0.1)
                try:
                    await store.health()
                except KVError:
                    continue
                break
        async with jetstream(server.url) as js:
            assert (await js.stream_info("KV_tarmac")).state.messages < number
        assert await store.get(b"key") == b"acknowledged"


async def test_a_hung_server_does_not_hold_up_the_close(server: NatsServer, open_with: OpenNats) -> None:
    async with open_with(url=server.url, drain_timeout=0.3) as store:
        await store.get(b"key")
        server.pause()
        hanging = [asyncio.create_task(store.set(b"%d" % number, bytes(1 << 20))) for number in range(20)]
        await asyncio.sleep(0.05)
        began_s = time.monotonic()
    assert 0.2 < time.monotonic() - began_s < 5
    server.resume()
    for outcome in await asyncio.gather(*hanging, return_exceptions=True):
        assert isinstance(outcome, KVError)


async def test_calls_on_their_way_are_answered_before_the_close(server: NatsServer, open_with: OpenNats) -> None:
    async with delayed(server.port, 0.1) as port, open_with(url=f"127.0.0.1:{port}") as store:
        calls = [asyncio.create_task(store.set(b"%d" % number, b"value")) for number in range(50)]
        await asyncio.sleep(0.02)
    await asyncio.gather(*calls)


async def test_a_slow_server_is_waited_for_up_to_the_limit(server: NatsServer, open_with: OpenNats) -> None:
    async with delayed(server.port, 0.2) as port:
        async with open_with(url=f"127.0.0.1:{port}", request_timeout=2) as store:
            await store.set(b"key", b"value")
            assert await asyncio.gather(*(store.get(b"key") for _ in range(100))) == [b"value"] * 100
        with pytest.raises(NatsOpenError, match=r"no answer in time .*nats_request_timeout 0.1 s"):
            async with open_with(url=f"127.0.0.1:{port}", request_timeout=0.1):
                raise AssertionError("it opened")


async def test_a_server_that_hangs_at_the_start_is_named(server: NatsServer, open_with: OpenNats) -> None:
    server.pause()
    with pytest.raises(NatsOpenError, match=rf"nats_url {server.url}: no answer in time .*nats_connect_timeout 0.3 s"):
        async with open_with(url=server.url, connect_timeout=0.3):
            raise AssertionError("it opened")
    server.resume()


async def test_a_hung_server_behind_tls_is_left_and_found_again(files: Path, open_with: OpenNats) -> None:
    pem, ca_file = str(files / "server.pem"), str(files / "ca.pem")
    limits = {"connect_timeout": 0.5, "request_timeout": 0.3, "reconnect_wait": 0.1, "ping_interval": 0.2}
    with NatsServer("tls {", f'cert_file: "{pem}"', f'key_file: "{pem}"', "}") as server:
        async with open_with(url=server.url, tls_ca_file=ca_file, **limits) as store:
            await store.set(b"key", b"value")
            server.pause()
            with pytest.raises(KVError, match=r"^the store did not answer in time$"):
                await store.get(b"key")
            await asyncio.sleep(1)
            with pytest.raises(KVError, match=r"^the store cannot be reached$"):
                await store.get(b"key")
            server.resume()
            await asyncio.sleep(1.2)
            assert await store.get(b"key") == b"value"


async def test_a_cancelled_call_never_gives_its_answer_to_another(server: NatsServer, open_with: OpenNats) -> None:
    async with open_with(url=server.url) as store:
        for number in range(50):
            await store.set(b"%d" % number, b"value %d" % number)
        for round_ in range(30):
            calls = [asyncio.create_task(store.get(b"%d" % number)) for number in range(50)]
            await asyncio.sleep(0.0002 * (round_ % 7))
            for call in calls[::3]:
                call.cancel()
            answers = await asyncio.gather(*calls, return_exceptions=True)
            for number, answer in enumerate(answers):
                assert answer == b"value %d" % number or isinstance(answer, asyncio.CancelledError)
        assert len(server.ask("connz")["connections"]) == 1


async def test_a_full_server_refuses_writes_in_its_own_words_until_there_is_room(open_with: OpenNats) -> None:
    with NatsServer(jetstream="max_file: 1MB") as server:
        async with open_with(url=server.url) as store:
            stored = await fill(store, r"^the store refused: .*(resources|storage|exceeded)")
            assert await store.get(b"%d" % (stored - 1)) == bytes(50_000)
            for number in range(stored):
                await store.delete(b"%d" % number)
            await store.set(b"key", b"there is room again")


async def fill(store: NatsKV, refusal: str) -> int:
    stored = 0
    with pytest.raises(KVError, match=refusal):  # noqa: PT012
        while stored < 1000:
            await store.set(b"%d" % stored, bytes(50_000))
            stored += 1
    return stored


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    mounted = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"only root can mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def enlarge(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)


async def test_a_full_disk_fails_writes_and_what_was_acknowledged_stays(
    open_with: OpenNats, records: Records, small_disk: Path
) -> None:
    with NatsServer(store=small_disk, jetstream="max_file: 100MB") as server:
        async with open_with(url=server.url, request_timeout=1, reconnect_wait=0.1) as store:
            stored = await fill(store, "the store (failed|did not answer in time)")
            assert stored > 50
            assert await store.get(b"0") == bytes(50_000)
            with pytest.raises(KVError, match=r"^the store failed$"):
                await store.delete(b"0")
            assert "no space left on device" in records.messages(logging.WARNING)[-1]
            enlarge(small_disk)
            server.stop()  # the server itself goes on only after a new start
            server.start()
            await asyncio.sleep(0.5)
            await store.set(b"key", b"there is room again")
            for number in range(stored):
                assert await store.get(b"%d" % number) == bytes(50_000)

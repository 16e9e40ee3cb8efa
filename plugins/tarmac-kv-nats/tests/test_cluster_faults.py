"""Three servers with a copy of the bucket each: one may die at any time."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack

import pytest
from nats.js import JetStreamContext
from tarmac_kv_nats.store import NatsKV

from tests.services.load import Load
from tests.services.nats import NatsServer
from tests.services.process import free_port

OpenNats = Callable[..., AbstractAsyncContextManager[NatsKV]]
OpenBare = Callable[[str], AbstractAsyncContextManager[JetStreamContext]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[list[NatsServer]]:
    """Servers that know each other, once they have a leader."""
    ports = [free_port() for _ in range(3)]
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                NatsServer(
                    f"server_name: server-{port}",
                    f'cluster {{ name: together, listen: "127.0.0.1:{port}", routes: [{routes}] }}',
                )
            )
            for port in ports
        ]
        yield servers


async def settled(servers: list[NatsServer]) -> None:
    """Wait until the servers have a leader, and every copy is whole."""
    for _ in range(300):
        if all(server.is_well() for server in servers):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("not all are well")


async def test_the_servers_of_a_replicated_bucket_may_die_in_turn_under_load(
    cluster: list[NatsServer], open_with: OpenNats, jetstream: OpenBare
) -> None:
    await settled(cluster)
    settings = {"servers": [server.url for server in cluster], "reconnect_wait": 0.1, "request_timeout": 1}
    async with open_with(**settings, replicas=3) as store:
        async with jetstream(cluster[0].url) as js:
            info = await js.stream_info("KV_tarmac")
            assert info.config.num_replicas == 3
        load = Load(store, writers=10, pause_s=0.02)
        for server in cluster:
            await load.goes_on()
            server.kill()
            await asyncio.sleep(0.2)
            await load.goes_on()
            server.start()
            await settled(cluster)
        await load.stop()
        assert load.slowest_s < 2
        assert await load.all_kept()


async def test_what_was_acknowledged_is_what_is_read(cluster: list[NatsServer], open_with: OpenNats) -> None:
    await settled(cluster)
    settings = {"servers": [server.url for server in cluster], "bucket": "read", "replicas": 3}
    async with open_with(**settings) as one, open_with(**settings) as other:
        assert one._link.bucket.direct == ""
        for number in range(300):
            await one.set(b"key", b"%d" % number)
            assert await other.get(b"key") == b"%d" % number

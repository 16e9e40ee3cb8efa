"""An `httpclient/call` host call beside a bare aiohttp session, both asking a server in another process."""

import asyncio
import statistics
import subprocess
import sys
from collections.abc import Iterator

import aiohttp
from tarmac_httpclient.httpclient_pb2 import HTTPClient
from tarmac_httpclient.plugin import open_httpclient
from tarmac_httpclient.settings import HTTPClientSettings

from benchmarks.figure import Figure
from benchmarks.host_calls import HOST_CALLS, again, context, cpu_us, dispatching, invoke
from tarmac_core.dispatch import Capability

ROUNDS = 9
SERVER = """
import asyncio
from aiohttp import web

async def answer(request):
    return web.Response(body=bytes(100))

async def main():
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def figures() -> Iterator[Figure]:
    """Medians of rounds; both sides of a round follow each other, on one kept connection each."""
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        rounds = asyncio.run(_measured(f"http://127.0.0.1:{int(server.stdout.readline())}/"))
    finally:
        server.kill()
        server.communicate()
    bare_us, host_us = (statistics.median(column) for column in zip(*rounds, strict=True))
    yield Figure("CPU of one GET, bare aiohttp", bare_us, "us")
    yield Figure(f"CPU of one httpclient/call host call, {HOST_CALLS} in an invocation", host_us, "us")
    yield Figure("CPU more than the bare driver", statistics.median(host - bare for bare, host in rounds), "us", 40)


async def _measured(url: str) -> list[tuple[float, float]]:
    request = HTTPClient(method=b"GET", url=url.encode()).SerializeToString()
    async with (
        aiohttp.ClientSession() as session,
        open_httpclient(HTTPClientSettings(), {}, context()) as operations,
        dispatching(Capability("httpclient", "httpclient", operations), again({"call": request})) as dispatcher,
    ):

        async def bare() -> None:
            for _ in range(HOST_CALLS):
                async with session.get(url) as response:
                    await response.read()

        rounds = [(await cpu_us(bare), await cpu_us(lambda: invoke(dispatcher, "call"))) for _ in range(ROUNDS + 1)]
    return rounds[1:]

import asyncio
import os
import resource
import socket
from collections.abc import Iterator

import pytest

from tests.unit.http.bench import Serve, get


@pytest.fixture
def file_limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def lower_file_limit() -> tuple[int, int]:
    """Let this process open nothing more; returns the limits as they were."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open("/dev/null", os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    return before


async def test_without_free_files_accepting_pauses_says_so_once_and_goes_on(serve: Serve, file_limit: None) -> None:
    running = await serve()
    # Connected, not yet accepted: the event loop has not run since.
    with socket.create_connection(("127.0.0.1", running.server.port)) as waiting:
        before = lower_file_limit()
        await asyncio.sleep(0.2)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        errors = [line for line in running.log.lines if line.startswith("ERROR")]
        assert errors == ["ERROR Cannot accept connections: Too many open files; raise the limit of open files"]
        waiting.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(waiting, get())
        assert (await asyncio.wait_for(loop.sock_recv(waiting, 100), 2)).startswith(b"HTTP/1.1 200 OK")


async def test_a_client_that_resets_before_it_is_accepted_harms_nobody(serve: Serve) -> None:
    running = await serve()
    for _ in range(10):
        gone = socket.create_connection(("127.0.0.1", running.server.port))
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        gone.close()
    client = await running.connect()
    assert (await client.ask(get()))[0] == 200
    assert [line for line in running.log.lines if not line.startswith("DEBUG")] == []

"""A way to a server on which everything takes longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def delayed(port: int, delay_s: float) -> AsyncIterator[int]:
    """The port of a proxy before a port of 127.0.0.1; what the server answers comes `delay_s` later, in order."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, upstream_writer, 0))
                group.create_task(_pass_on(upstream_reader, writer, delay_s))
        except* (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            running.discard(task)
            writer.close()
            upstream_writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in running:
            task.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*running, return_exceptions=True), 5)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    while data := await reader.read(65_536):
        await asyncio.sleep(delay_s)
        writer.write(data)
        await writer.drain()
    writer.close()

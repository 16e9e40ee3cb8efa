"""Looking up names: what a `Resolve` is, and the system's."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeAlias

Resolve: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a name, the best first; raises OSError where there is none. Runs on the event loop."""

_THREADS = 8


@asynccontextmanager
async def system_names() -> AsyncIterator[Resolve]:
    """Yield a `Resolve` that asks the system, in threads of its own since the system has no other way."""
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="httpclient-names")

    async def resolve(host: str) -> Sequence[str]:
        return await asyncio.get_running_loop().run_in_executor(executor, _addresses, host)

    try:
        yield resolve
    finally:
        # Not waited for: a name server that does not answer would hold up the stop.
        executor.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host} is no name: {error}") from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))

"""A fixture that starts real servers and stops them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.unit.http.bench import Bench, Serve, bench


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server: `await serve(max_request_bytes=10, ...)`."""
    async with AsyncExitStack() as stack:

        async def start(**options: object) -> Bench:
            return await stack.enter_async_context(bench(**options))  # type: ignore[arg-type]

        yield start

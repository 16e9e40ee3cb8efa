"""What all classes share: how a test gets its store, and waits for answers."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias, TypeVar

import pytest
import pytest_asyncio

from tarmac_kv.backend import Answer, KVBackend

T = TypeVar("T")
OpenStore: TypeAlias = Callable[[], AbstractAsyncContextManager[KVBackend]]


async def answered(answer: Answer[T]) -> T:
    """The value of an answer, whether it has to be waited for or not."""
    if isinstance(answer, Awaitable):
        return await answer
    return answer


class Suite:
    """Fixtures of all classes."""

    pytestmark = pytest.mark.asyncio

    @pytest_asyncio.fixture
    async def store(self, open_store: OpenStore) -> AsyncIterator[KVBackend]:
        """The opened store."""
        async with open_store() as store:
            yield store

    @pytest.fixture
    def own(self) -> bytes:
        """A beginning for keys that no other test has."""
        return uuid.uuid4().hex.encode() + b"/"

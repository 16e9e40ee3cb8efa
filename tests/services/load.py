"""Many writers at a key-value store, and what became of their writes."""

import asyncio
import time
from collections import Counter
from typing import Any

from tarmac_kv import KVBackend, KVError
from tarmac_kv.conformance import answered


class Load:
    """Writers, each with its own keys; remembers what was acknowledged, what failed, and the slowest call.

    Each rests `pause_s` after a write.
    """

    def __init__(self, store: KVBackend, writers: int = 40, *, pause_s: float = 0.0) -> None:
        self._store = store
        self._pause_s = pause_s
        self.acknowledged: dict[bytes, bytes] = {}
        self.failures: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._tasks = [asyncio.create_task(self._write(writer)) for writer in range(writers)]

    async def stop(self) -> None:
        """End the writers, none of which may have ended by itself."""
        for task in self._tasks:
            task.cancel()
        outcomes: list[Any] = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes

    async def goes_on(self, limit_s: float = 30) -> None:
        """Wait until more is acknowledged than now."""
        before = len(self.acknowledged)
        async with asyncio.timeout(limit_s):
            while len(self.acknowledged) <= before + 100:  # noqa: ASYNC110 - writers tell nobody
                await asyncio.sleep(0.05)

    async def all_kept(self) -> bool:
        """Whether the store holds all that it acknowledged."""
        return all([await answered(self._store.get(key)) == value for key, value in self.acknowledged.items()])

    async def _write(self, writer: int) -> None:
        turn = 0
        while True:
            turn += 1
            key = b"%d/%d" % (writer, turn)
            began_s = time.monotonic()
            try:
                await answered(self._store.set(key, key * 2))
                self.acknowledged[key] = key * 2
                await asyncio.sleep(self._pause_s)
            except KVError as error:
                self.failures[str(error)] += 1
                await asyncio.sleep(0.01)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s - self._pause_s)

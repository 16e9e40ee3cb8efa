"""The settings as Consul has them now: read at the start, then followed."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping

from tarmac_config_consul.cache import Cache
from tarmac_config_consul.client import Answer, Client
from tarmac_config_consul.faults import MISSING, ConsulAwayError, ConsulError, ConsulRefusalError
from tarmac_config_consul.value import parse
from tarmac_core.plugin import Log

SPACING_S = 0.5
"""Least time between the beginnings of two questions, however often the key changes."""

LONGEST_BACK_OFF_S = 30.0


class ConsulSource:
    """A `ConfigSource`. `start` comes first; what goes wrong later is logged once, and the last good value stays."""

    def __init__(self, client: Client, cache: Cache, log: Log) -> None:
        self._client = client
        self._cache = cache
        self._log = log
        self._place = f"consul_addr {client.settings.addr}, key {client.settings.keys_prefix}"
        self._index = 0
        self._good: bytes | None = None
        self._values: Mapping[str, object] = {}
        self._fault = ""
        self._failures = 0

    async def start(self) -> None:
        """Read the key, or what it held when Consul answered last. Raises `ConsulError` if neither can be had."""
        try:
            self._take(await self._ask())
        except ConsulAwayError as error:
            await self._start_from_cache(error)
        except ConsulRefusalError as error:
            raise ConsulRefusalError(f"{self._place}: {error}") from error
        else:
            await self._save()

    async def read(self) -> Mapping[str, object]:
        """The settings as they were read last."""
        return self._values

    async def changes(self) -> AsyncIterator[Mapping[str, object]]:
        """The settings after each change; ends at once if `watch_interval` is 0."""
        clock = asyncio.get_running_loop().time
        interval_s = self._client.settings.watch_interval
        while interval_s:
            began_s = clock()
            pause_s = SPACING_S
            try:
                is_new = self._take(await self._ask())
                self._tell_end_of_fault()
            except ConsulError as error:
                is_new = False
                self._tell(error)
                pause_s = self._backed_off_s(min(interval_s, LONGEST_BACK_OFF_S))
            if is_new:
                yield self._values
                await self._save()
            await asyncio.sleep(began_s + pause_s - clock())

    async def _ask(self) -> Answer:
        try:
            return await self._client.get(self._index)
        except ConsulError:
            self._index = 0  # to be answered at once when it can be
            raise

    async def _save(self) -> None:
        if self._good is not None:
            await self._cache.save(self._good)

    async def _start_from_cache(self, error: ConsulAwayError) -> None:
        kept = await self._cache.load()
        if kept is None:
            raise ConsulAwayError(
                f"{self._place}: {error}; no earlier value is cached in {self._cache.path}"
            ) from error
        self._good, self._values = kept.value, parse(kept.value)
        self._fault = str(error)
        self._log.warning("Settings of %s are used, for Consul is away: %s: %s", kept.saved, self._place, error)

    def _take(self, answer: Answer) -> bool:
        """Take an answer over; True if it says something new. Raises `ConsulRefusalError` for what is no settings."""
        # An index that goes back is of a server that began anew: there it would be waited behind for nothing.
        self._index = answer.index if answer.index >= self._index else 0
        if answer.value is None:
            raise ConsulRefusalError(MISSING)
        if answer.value == self._good:
            return False
        self._values = parse(answer.value)
        self._good = answer.value
        return True

    def _tell(self, error: ConsulError) -> None:
        if str(error) == self._fault:
            return
        self._fault = str(error)
        tell = self._log.warning if isinstance(error, ConsulAwayError) else self._log.error
        tell("The last settings stay: %s: %s", self._place, error)

    def _tell_end_of_fault(self) -> None:
        self._failures = 0
        if self._fault:
            self._fault = ""
            self._log.info("Settings are followed again: %s", self._place)

    def _backed_off_s(self, most_s: float) -> float:
        """Twice as long after each failure in a row, with jitter, so that many servers do not come back together."""
        self._failures = min(self._failures + 1, 10)
        return min(SPACING_S * (1 << self._failures), most_s) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

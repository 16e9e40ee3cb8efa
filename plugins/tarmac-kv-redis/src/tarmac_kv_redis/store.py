"""The backend: each method is one command on a connection of the pool."""

from hashlib import sha1
from typing import Any

from redis.exceptions import NoScriptError, RedisError
from tarmac_kv import KVBackend, KVError, Page

from tarmac_core.plugin import Log
from tarmac_kv_redis.faults import UNREACHABLE, PoolTimeoutError, RedisOpenError, for_guests, in_words
from tarmac_kv_redis.pool import Pool
from tarmac_kv_redis.scan import scan

# Arguments: expected value, new value, its time to live in milliseconds; 0 is for ever and -1 deletes.
_SWAP = b"""\
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '-1' then redis.call('DEL', KEYS[1])
elseif ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1"""
_SWAP_SHA = sha1(_SWAP, usedforsecurity=False).hexdigest().encode()

_FAILURES = (RedisError, PoolTimeoutError, *UNREACHABLE)


class RedisKV(KVBackend):
    """Keys and values are Redis strings, as they are, readable by every other client of the database."""

    def __init__(self, pool: Pool, log: Log) -> None:
        self._pool = pool
        self._log = log
        self._is_closed = False
        self._is_unreachable = False

    async def reach(self) -> None:
        """Ask the server for the first time. Raises `RedisOpenError` naming setting and server."""
        try:
            await self._pool.command(b"PING")
        except _FAILURES as error:
            settings = self._pool.settings
            raise RedisOpenError(settings.place, in_words(error, settings)) from error

    async def get(self, key: bytes) -> bytes | None:
        """Return the value or None."""
        value: bytes | None = await self._command(b"GET", key)
        return value

    async def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        """Store the value; answered when the server has it in memory, as its own persistence says on disk."""
        await self._command(b"SET", key, value, *_expiry(ttl_ms))

    async def delete(self, key: bytes) -> None:
        """Remove the key."""
        await self._command(b"DEL", key)

    async def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        """List keys of the database; a page of SCAN may be longer than `limit`."""
        return await scan(self._command, prefix=prefix, cursor=cursor, limit=limit)

    async def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> bool:
        """Swap in one step on the server, by a script where SET alone cannot."""
        if expected is not None:
            return bool(await self._swap(key, expected, value or b"", -1 if value is None else ttl_ms))
        if value is None:
            return not await self._command(b"EXISTS", key)
        return await self._command(b"SET", key, value, b"NX", *_expiry(ttl_ms)) is not None

    async def health(self) -> None:
        """Ask the server."""
        await self._command(b"PING")

    async def close(self) -> None:
        """Close every connection; calls that are on their way fail."""
        self._is_closed = True
        await self._pool.close()

    async def _swap(self, key: bytes, expected: bytes, value: bytes, ttl_ms: int) -> Any:
        arguments = (1, key, expected, value, ttl_ms)
        try:
            return await self._ask(b"EVALSHA", _SWAP_SHA, *arguments)
        except NoScriptError:
            return await self._command(b"EVAL", _SWAP, *arguments)

    async def _command(self, *parts: bytes | int) -> Any:
        return await self._ask(*parts)

    async def _ask(self, *parts: bytes | int) -> Any:
        if self._is_closed:
            raise KVError("the store is closed")
        try:
            reply = await self._pool.command(*parts)
        except NoScriptError:
            raise
        except _FAILURES as error:
            if self._is_closed:
                raise KVError("the store is closed") from error
            self._note(error)
            raise for_guests(error, self._pool.settings) from error
        if self._is_unreachable:
            self._is_unreachable = False
            self._log.info("%s answers again", self._pool.settings.place)
        return reply

    def _note(self, error: Exception) -> None:
        """Log the first of a row of failures; thousands of calls may fail in the same second."""
        if isinstance(error, UNREACHABLE) and not self._is_unreachable:
            self._is_unreachable = True
            self._log.warning("%s: %s", self._pool.settings.place, in_words(error, self._pool.settings))


def _expiry(ttl_ms: int) -> tuple[bytes | int, ...]:
    return (b"PX", ttl_ms) if ttl_ms else ()

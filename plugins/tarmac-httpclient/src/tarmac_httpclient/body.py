"""The body of an answer, up to the limit; a compressed one never becomes more than that either."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

_STEP_BYTES = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class BodyError(Exception):
    """The body is not what it says it is."""


async def read_up_to(limit_bytes: int, chunks: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """The body, and whether it was longer and is cut."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit_bytes:
            return bytes(memoryview(body)[:limit_bytes]), True
    return bytes(body), False


async def unzipped(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Undo gzip in small steps, with the loop running on between them; raises `BodyError`."""
    members = _Members()
    async for chunk in chunks:
        for piece in members.feed(chunk):
            yield piece
            await asyncio.sleep(0)
    members.end()


class _Members:
    """A gzip file: one compressed member after the other."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            while data:
                self._member = self._member or zlib.decompressobj(_GZIP)
                yield self._member.decompress(data, _STEP_BYTES)
                data = self._member.unconsumed_tail or self._member.unused_data
                if self._member.eof:
                    self._member = None
        except zlib.error as error:
            raise BodyError(f"gzip: {error}") from error

    def end(self) -> None:
        if self._member is not None:
            raise BodyError("unexpected EOF")

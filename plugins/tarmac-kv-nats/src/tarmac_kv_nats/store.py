"""The backend: a key is a subject of the bucket, a value its last message."""

from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError
from tarmac_kv import KVBackend, NotSupportedError, Page

from tarmac_kv_nats.faults import for_guests
from tarmac_kv_nats.keys import headers_of, name_of
from tarmac_kv_nats.link import Link
from tarmac_kv_nats.messages import (
    DELETED,
    EXPECTED_REVISION,
    NOTHING,
    TTL,
    Entry,
    entry_of_answer,
    entry_of_stored,
    revision_of,
)
from tarmac_kv_nats.scan import scan

_NO_MESSAGE = 10037
_WRONG_REVISION = {10071, 10164}


class NatsKV(KVBackend):
    """Values are messages without headers, as they are, readable by every other program that knows the bucket."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def get(self, key: bytes) -> bytes | None:
        """Return the value or None."""
        return (await self._entry(name_of(key))).value

    async def set(self, key: bytes, value: bytes, *, ttl_ms: int = 0) -> None:
        """Store the value; answered when JetStream has it, as the bucket's storage and replicas say."""
        name = name_of(key)
        headers = headers_of(key, name) | self._expiry(ttl_ms)
        try:
            revision_of(await self._link.request(f"{self._subjects}{name}", value, headers or None))
        except APIError as error:
            raise for_guests(error) from error

    async def delete(self, key: bytes) -> None:
        """Remove the key and all that the bucket holds of it."""
        await self._purge(name_of(key))

    async def keys(self, *, prefix: bytes = b"", cursor: bytes = b"", limit: int = 0) -> Page:
        """List keys of the bucket, in the order in which they were set."""
        return await scan(self._link, prefix=prefix, cursor=cursor, limit=limit)

    async def cas(self, key: bytes, *, expected: bytes | None, value: bytes | None, ttl_ms: int = 0) -> bool:
        """Compare here and change there if the revision is still the same; look again if it is not."""
        name = name_of(key)
        headers = headers_of(key, name) | self._expiry(ttl_ms)
        while True:
            entry = await self._entry(name)
            if entry.value != expected:
                return False
            if value is None:
                is_done = entry.value is None or await self._delete_revision(name, entry.revision)
            else:
                is_done = bool(await self._replace(name, entry.revision, value, headers))
            if is_done:
                return True

    async def health(self) -> None:
        """Ask for the bucket."""
        await self._link.manage(lambda js: js.stream_info(self._link.bucket.stream))

    @property
    def _subjects(self) -> str:
        return self._link.bucket.subjects

    async def _entry(self, name: str) -> Entry:
        direct = self._link.bucket.direct
        if not direct:
            return await self._link.manage(lambda js: self._last(js, name))
        try:
            return entry_of_answer(await self._link.request(f"{direct}{name}"))
        except APIError as error:
            raise for_guests(error) from error

    async def _last(self, js: JetStreamContext, name: str) -> Entry:
        try:
            message = await js.get_msg(self._link.bucket.stream, subject=f"{self._subjects}{name}")
        except NotFoundError as error:
            if error.err_code != _NO_MESSAGE:
                raise
            return NOTHING
        return entry_of_stored(message)

    async def _replace(self, name: str, revision: int, value: bytes, headers: dict[str, str]) -> int | None:
        """The new revision, or None if the key has another than `revision` by now."""
        conditional = {**headers, EXPECTED_REVISION: str(revision)}
        answer = await self._link.request(f"{self._subjects}{name}", value, conditional)
        try:
            return revision_of(answer)
        except APIError as error:
            if error.err_code in _WRONG_REVISION:
                return None
            raise for_guests(error) from error

    async def _delete_revision(self, name: str, revision: int) -> bool:
        """Only a message can be conditional: a marker takes the value's place, and goes too."""
        marker = await self._replace(name, revision, b"", DELETED)
        if marker is None:
            return False
        await self._purge(name, before=marker + 1)
        return True

    async def _purge(self, name: str, before: int | None = None) -> None:
        """A marker alone would stay in the bucket for ever."""
        stream, subject = self._link.bucket.stream, f"{self._subjects}{name}"
        await self._link.manage(lambda js: js.purge_stream(stream, seq=before, subject=subject))

    def _expiry(self, ttl_ms: int) -> dict[str, str]:
        if not ttl_ms:
            return {}
        if not self._link.bucket.has_ttl:
            raise NotSupportedError("a time to live is not supported by this store: its bucket has no allow_msg_ttl")
        return {TTL: f"{-(-ttl_ms // 1000)}s"}

"""Reads a bucket's messages in the order in which they were stored, without their values, a batch at a time."""

import asyncio
import json
from contextlib import suppress
from typing import Self

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error
from nats.js import api
from nats.js.errors import APIError

from tarmac_kv_nats.client import OneConnection
from tarmac_kv_nats.link import Link
from tarmac_kv_nats.messages import refusal_of

_FORGOTTEN_S = 60.0
_MOST_WAIT_NS = 100_000_000


class Consumer:
    """A consumer of JetStream and the subscription it answers to; to be closed.

    `pending_count` messages are still to come, as far as the server has told; `has_stalled` where it did not send them.
    """

    def __init__(self, link: Link, client: OneConnection, info: api.ConsumerInfo) -> None:
        self._link = link
        self._client = client
        self._stream, self._name = link.bucket.stream, info.name
        self._inbox = client.new_inbox()
        self._batch: list[Msg] = []
        self._wanted_count = 0
        self._refusal: APIError | None = None
        self._is_complete = asyncio.Event()
        self._subscription: Subscription | None = None
        self.pending_count = info.num_pending or 0
        self.has_stalled = False

    @classmethod
    async def open(cls, link: Link, names: str, after: int) -> Self:
        """Begin behind the sequence number `after`, or at the first message where a bucket keeps a history."""
        bucket = link.bucket
        start = api.DeliverPolicy.BY_START_SEQUENCE if bucket.keeps_one else api.DeliverPolicy.LAST_PER_SUBJECT
        config = api.ConsumerConfig(
            ack_policy=api.AckPolicy.NONE,
            deliver_policy=start,
            opt_start_seq=after + 1 if bucket.keeps_one else None,
            filter_subject=f"{bucket.subjects}{names}",
            headers_only=True,
            inactive_threshold=_FORGOTTEN_S,
            mem_storage=True,
            num_replicas=1,
        )

        async def opened(client: OneConnection) -> Self:
            js = client.jetstream(timeout=None)
            return cls(link, client, await js.add_consumer(bucket.stream, config))

        return await link.converse(opened)

    async def take(self, count: int) -> list[Msg]:
        """The next messages, `count` or, if some were deleted meanwhile, fewer.

        NATS 2.9 sends none at all any more once a key was deleted: then a new consumer has to go on.
        """

        async def taken(_: OneConnection) -> list[Msg]:
            self._batch, self._wanted_count = [], count
            self._is_complete.clear()
            if self._subscription is None:
                self._subscription = await self._client.subscribe(self._inbox, cb=self._arrived)
            question = json.dumps({"batch": count, "no_wait": True, "expires": _MOST_WAIT_NS}).encode()
            await self._client.publish(self._api("MSG.NEXT"), question, reply=self._inbox)
            await self._is_complete.wait()
            if self._refusal is not None:
                raise self._refusal
            return self._batch

        batch = await self._link.converse(taken)
        if batch:
            self.pending_count = batch[-1].metadata.num_pending
        self.has_stalled = len(batch) < count and self.pending_count > 0
        return batch

    async def close(self) -> None:
        """Tell the server that it is not needed any more; one that does not hear it forgets it after a while."""
        with suppress(Error):
            if self._subscription is not None:
                await self._subscription.unsubscribe()
            await self._client.publish(self._api("DELETE"))

    def _api(self, what: str) -> str:
        return f"{api.DEFAULT_PREFIX}.CONSUMER.{what}.{self._stream}.{self._name}"

    async def _arrived(self, message: Msg) -> None:
        if message.reply:
            self._batch.append(message)
        else:
            self._refusal = refusal_of(message)
        if not message.reply or len(self._batch) == self._wanted_count:
            self._is_complete.set()

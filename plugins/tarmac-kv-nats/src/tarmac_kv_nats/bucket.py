"""The bucket: a stream of JetStream, found, or made if it is missing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from nats.js import JetStreamContext, api
from nats.js.errors import BadRequestError, NotFoundError

from tarmac_kv_nats.settings import NatsSettings

_EXISTS_WITH_OTHER_SETTINGS = 10058

Ask = Callable[[Awaitable[api.StreamInfo]], Awaitable[api.StreamInfo]]


@dataclass(frozen=True, slots=True)
class Bucket:
    """What of a bucket's settings makes a difference."""

    stream: str
    subjects: str
    """What all its subjects begin with."""
    direct: str
    """What subjects to ask for a value begin with; empty where only the leader may be asked."""
    has_ttl: bool
    keeps_one: bool
    """Whether there is one message for each key, or a history."""


async def find_bucket(js: JetStreamContext, settings: NatsSettings, ask: Ask) -> Bucket:
    """Return the bucket. When another makes it at the same time, both use the same one."""
    stream = f"KV_{settings.bucket}"
    try:
        info = await ask(js.stream_info(stream))
    except NotFoundError:
        try:
            info = await ask(js.add_stream(_wanted(settings, stream)))
        except BadRequestError as error:
            if error.err_code != _EXISTS_WITH_OTHER_SETTINGS:
                raise
            info = await ask(js.stream_info(stream))
    return _bucket(info.config, settings)


def _bucket(config: api.StreamConfig, settings: NatsSettings) -> Bucket:
    stream = f"KV_{settings.bucket}"
    subjects = f"$KV.{settings.bucket}."
    # A replica answers direct requests from what it has, which may be older than what was acknowledged.
    is_direct = bool(config.allow_direct) and (config.num_replicas or 1) == 1
    return Bucket(
        stream=stream,
        subjects=subjects,
        direct=f"{api.DEFAULT_PREFIX}.DIRECT.GET.{stream}.{subjects}" if is_direct else "",
        has_ttl=bool(config.allow_msg_ttl),
        keeps_one=config.max_msgs_per_subject == 1,
    )


def _wanted(settings: NatsSettings, stream: str) -> api.StreamConfig:
    """As every client of NATS makes a bucket; an older server overlooks `allow_msg_ttl`."""
    options: dict[str, Any] = {
        "name": stream,
        "subjects": [f"$KV.{settings.bucket}.>"],
        "storage": api.StorageType(settings.storage),
        "num_replicas": settings.replicas,
        "max_msgs_per_subject": 1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_consumers": -1,
        "discard": api.DiscardPolicy.NEW,
        "duplicate_window": 120,
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "allow_direct": True,
        "allow_msg_ttl": True,
    }
    return api.StreamConfig(**options)

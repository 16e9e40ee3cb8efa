"""A call and its answer, apart from the format they are written in."""

from typing import NamedTuple


class HTTPRequest(NamedTuple):
    """What a guest asked for, as it was sent; nothing is checked yet. `headers` hold every value in order."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_insecure: bool


class HTTPReply(NamedTuple):
    """What the server answered. Names of `headers` are lower case; `is_truncated` tells that `body` was cut at the limit."""

    code: int
    headers: tuple[tuple[str, bytes], ...]
    body: bytes
    is_truncated: bool

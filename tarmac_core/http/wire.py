"""A `Response` as Tornado's headers, or as bytes where Tornado has no request to answer."""

import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate

from tornado.httputil import HTTPHeaders

from tarmac_core.http.answers import phrase
from tarmac_core.plugin import Response


class Date:
    """The `Date` header, made once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def now(self) -> str:
        """The time as HTTP writes it."""
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


class HeaderView(Mapping[str, tuple[str, ...]]):
    """Tornado's headers with lower-case names and tuples of values, read where they are: most requests need none."""

    __slots__ = ("_headers",)

    def __init__(self, headers: HTTPHeaders) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> tuple[str, ...]:
        values = self._headers.get_list(name)
        if not values:
            raise KeyError(name)
        return tuple(map(_text, values))

    def __iter__(self) -> Iterator[str]:
        return (name.lower() for name in self._headers)

    def __len__(self) -> int:
        return len(self._headers)


def headers_for(response: Response, date: str, *, is_last: bool) -> HTTPHeaders:
    """All headers of an answer. `is_last` tells the client that the connection ends with it."""
    headers = HTTPHeaders()
    for name, value in response.headers:
        if name in headers:
            headers.add(name, value)
        else:
            headers[name] = value
    headers["Date"] = date
    if response.code not in (204, 304):
        headers["Content-Length"] = str(len(response.body))
    if is_last:
        headers["Connection"] = "close"
    return headers


def whole_answer(response: Response, date: str) -> bytes:
    """An answer with its status line, for a request that nobody could read; the connection ends with it."""
    headers = headers_for(response, date, is_last=True)
    lines = [f"HTTP/1.1 {response.code} {phrase(response.code)}", *(f"{n}: {v}" for n, v in headers.get_all()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + response.body


def _text(value: str) -> str:
    # Tornado reads headers as Latin-1; clients that go beyond ASCII send UTF-8.
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value

"""What failures say, and the headers that every answer carries."""

import re
import secrets
from collections.abc import Iterable
from http import HTTPStatus

from tarmac_core.http.sniff import sniff
from tarmac_core.plugin import SERVER_HEADERS, InvocationError, InvocationErrorKind, Response, header_fault

_STATUS: dict[InvocationErrorKind, int] = {
    "guest": 500,
    "abnormal": 500,
    "depth": 500,
    "not_found": 500,
    "too_large": 413,
    "busy": 503,
    "stopping": 503,
    "timeout": 504,
}
_TEXTS = {404: "404 page not found\n", 405: "Method Not Allowed\n"}
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_RETRY_AFTER_S = 1

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_id_of(given: Iterable[str]) -> str:
    """The client's request id where it sent exactly one that is fit for logs and headers, else a new one."""
    ids = tuple(given)
    return ids[0] if len(ids) == 1 and _REQUEST_ID.fullmatch(ids[0]) else secrets.token_hex(12)


def failure(code: int, text: str = "", *headers: tuple[str, str]) -> Response:
    """An error as plain text, never sniffed: it may quote what the client sent."""
    body = text or _TEXTS.get(code) or f"{code} {phrase(code)}\n"
    kind = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return Response(code, body.encode("utf-8", "replace"), (*kind, *headers))


def failed_call(error: InvocationError) -> Response:
    """The answer for a function call that gave none; the message is complete and fit for clients."""
    code = _STATUS[error.kind]
    retry = (("Retry-After", str(_RETRY_AFTER_S)),) if code == 503 else ()
    return failure(code, error.message, *retry)


def phrase(code: int) -> str:
    """The reason phrase of a status."""
    return _PHRASES.get(code, "Unknown")


def complete(response: Response, request_id: str) -> Response:
    """The answer as it goes out: the server's own headers, a Content-Type, no body where the status allows none.

    Raises ValueError for a status or header that HTTP cannot carry.
    """
    if not 200 <= response.code <= 599:
        raise ValueError(f"status {response.code} is not between 200 and 599")
    headers = [("Server", "tarmac"), ("X-Request-Id", request_id)]
    body = b"" if response.code in (204, 304) else response.body
    if response.headers:
        headers += [pair for pair in response.headers if _is_passed_on(*pair)]
    if body and not any(name.lower() == "content-type" for name, _ in response.headers):
        headers.append(("Content-Type", sniff(body)))
    return Response(response.code, body, tuple(headers))


def _is_passed_on(name: str, value: str) -> bool:
    if fault := header_fault(name, value):
        raise ValueError(fault)
    return name.lower() not in SERVER_HEADERS

"""A request target (`/a%20b?x=1`) as a decoded path and a query."""

import re
from urllib.parse import parse_qsl, unquote

Query = tuple[tuple[str, str], ...]

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def split_target(target: str) -> tuple[str, Query]:
    """Path and query of a target as it stands on the request line; raises ValueError where it is none.

    The absolute form of proxies (`http://host/a`) is read too; `*` stays as it is.
    """
    if not target.isascii():  # Tornado reads it as Latin-1; what clients send unescaped is UTF-8
        target = target.encode("latin-1").decode("utf-8", "replace")
    path, _, query = target.partition("?")
    if not path.startswith("/") and path != "*":
        path = _without_authority(path)
    if "%" in path:
        if _BROKEN_ESCAPE.search(path):
            raise ValueError("the path holds a % that is no escape")
        path = unquote(path, errors="replace")
    return path, tuple(parse_qsl(query, keep_blank_values=True)) if query else ()


def _without_authority(target: str) -> str:
    scheme, _, rest = target.partition("://")
    if scheme.lower() not in ("http", "https") or not rest:
        raise ValueError("the request line names no path")
    return "/" + rest.partition("/")[2]

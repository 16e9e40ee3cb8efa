"""Route patterns: their syntax, which of them are the same, and which paths are taken."""

import re
from typing import TypeAlias

from tarmac_core.config.nearest import did_you_mean

Shape: TypeAlias = tuple[str, ...]

STANDARD_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
RESERVED_PATHS = ("/health", "/ready", "/metrics")
RESERVED_FOLDER = "/debug/pprof"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def check_path(path: str) -> None:
    """Refuse a pattern that no request could match as meant. Raises ValueError `what: remedy`."""
    if not path.startswith("/"):
        raise ValueError("must start with a slash: write /" + path)
    if "?" in path or "#" in path:
        raise ValueError("must be a path alone: leave out the query and the fragment")
    segments = path.split("/")[1:]
    names = [_parameter(segment, is_last=index == len(segments) - 1) for index, segment in enumerate(segments)]
    for name in names:
        if name and names.count(name) > 1:
            raise ValueError(f"has two parameters named {name}: rename one of them")


def check_method(method: str) -> str:
    """The method in upper case. Raises ValueError where no request could carry it."""
    if not _TOKEN.fullmatch(method):
        raise ValueError(f"{method!r} is not a method: use one such as GET")
    return method.upper()


def odd_method(method: str) -> str:
    """A warning about a method that browsers and tools do not know, or an empty string."""
    if method in STANDARD_METHODS:
        return ""
    hint = did_you_mean(method, STANDARD_METHODS)
    return f"{method} is not a standard method" + (f" ({hint})" if hint else "")


def shape_of(path: str) -> Shape:
    """What a pattern matches, without the parameters' names: `/a/:x` and `/a/:y` are the same."""
    return tuple(segment[0] if segment[:1] in {":", "*"} else f"={segment}" for segment in path.split("/")[1:])


def is_reserved(method: str, path: str) -> bool:
    """Whether the server itself answers this; only GET is taken, as upstream (and HEAD with it)."""
    if method not in {"GET", "HEAD"}:
        return False
    return path in RESERVED_PATHS or path == RESERVED_FOLDER or path.startswith(f"{RESERVED_FOLDER}/")


def _parameter(segment: str, *, is_last: bool) -> str:
    """The name of the parameter that a segment is, or an empty string."""
    kind, name = segment[:1], segment[1:]
    if kind not in {":", "*"}:
        if ":" in segment or "*" in segment:
            raise ValueError(f"has : or * inside {segment!r}: a parameter is a whole segment, such as /:id")
        return ""
    if not name or ":" in name or "*" in name:
        raise ValueError(f"has a parameter without a valid name, {segment!r}: write /:name or /*name")
    if kind == "*" and not is_last:
        raise ValueError(f"has {segment} before its end: a rest parameter must be the last segment")
    return name

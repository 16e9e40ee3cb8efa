"""Which route a path belongs to: static segments first, then `:name`, then `*rest`."""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

TargetT = TypeVar("TargetT")


@dataclass(frozen=True, slots=True)
class Route(Generic[TargetT]):
    """A pattern and what it leads to. `names` are its wildcards, in order."""

    pattern: str
    names: tuple[str, ...]
    target: TargetT


@dataclass(frozen=True, slots=True)
class Match(Generic[TargetT]):
    """A route and the values of its wildcards."""

    route: Route[TargetT]
    values: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """Values by name."""
        return dict(zip(self.route.names, self.values, strict=True))


@dataclass(slots=True)
class _Node(Generic[TargetT]):
    static: "dict[str, _Node[TargetT]]" = field(default_factory=dict)
    parameter: "_Node[TargetT] | None" = None
    rest: Route[TargetT] | None = None
    route: Route[TargetT] | None = None


class Router(Generic[TargetT]):
    """Routes of all methods. Filled once, then only read.

    `:name` is one whole segment, never empty. `*rest` is the last one and takes everything behind its slash, nothing
    included. A path is looked up decoded.
    """

    def __init__(self) -> None:
        self._exact: dict[str, dict[str, Match[TargetT]]] = {}
        self._trees: dict[str, _Node[TargetT]] = {}
        self._folded: dict[str, _Node[TargetT]] = {}

    def add(self, method: str, pattern: str, target: TargetT) -> None:
        """Add a route; raises ValueError for a pattern that is malformed, or taken under this or another spelling."""
        segments = _segments_of(pattern)
        route = Route(pattern, tuple(s[1:] for s in segments if s[:1] in (":", "*")), target)
        if len(set(route.names)) != len(route.names):
            raise ValueError(f"{pattern!r} names a wildcard twice")
        taken = _insert(self._trees.setdefault(method, _Node()), segments, route)
        if taken is not None:
            raise ValueError(f"{method} {pattern} is already taken by {taken.pattern}")
        _insert(self._folded.setdefault(method, _Node()), [_fold(s) for s in segments], route)
        if not route.names:
            self._exact.setdefault(method, {})[pattern] = Match(route)

    def find(self, method: str, path: str) -> Match[TargetT] | None:
        """The route of a decoded path, or None."""
        exact = self._exact.get(method)
        if exact is not None and (match := exact.get(path)) is not None:
            return match
        return _search(self._trees.get(method), path, lambda segment: segment)

    def allowed(self, path: str) -> tuple[str, ...]:
        """Methods that `path` can be asked with, sorted, OPTIONS included; empty where nothing is. `*` means any path."""
        found = {method for method in self._trees if path == "*" or self.find(method, path) is not None}
        return tuple(sorted(found | {"OPTIONS"})) if found else ()

    def redirect(self, method: str, path: str) -> str | None:
        """The path that was meant: with or without the last slash, in another case, without `//`, `.` and `..`."""
        if path == "/" or not path.startswith("/"):
            return None
        toggled = _toggle_slash(path)
        if self.find(method, toggled) is not None:
            return toggled
        clean = _clean(path)
        for candidate in (clean, _toggle_slash(clean)):
            match = _search(self._folded.get(method), candidate, str.casefold)
            if match is not None:
                return _spelled(match)
        return None


def _segments_of(pattern: str) -> list[str]:
    segments = pattern[1:].split("/")
    if not pattern.startswith("/"):
        raise ValueError(f"{pattern!r} does not start with /")
    if any(segment in (":", "*") for segment in segments):
        raise ValueError(f"{pattern!r} has a wildcard without a name")
    if any(segment.startswith("*") for segment in segments[:-1]):
        raise ValueError(f"{pattern!r} has something behind its *rest")
    return segments


def _insert(node: _Node[TargetT], segments: list[str], route: Route[TargetT]) -> Route[TargetT] | None:
    for segment in segments:
        if segment.startswith("*"):
            taken, node.rest = node.rest, node.rest or route
            return taken
        if segment.startswith(":"):
            node.parameter = node.parameter or _Node()
            node = node.parameter
        else:
            node = node.static.setdefault(segment, _Node())
    taken, node.route = node.route, node.route or route
    return taken


def _search(tree: _Node[TargetT] | None, path: str, fold: Callable[[str], str]) -> Match[TargetT] | None:
    if tree is None or not path.startswith("/"):
        return None
    segments = path[1:].split("/")
    return next(_matches(tree, segments, (), fold), None)


def _matches(
    node: _Node[TargetT], segments: list[str], values: tuple[str, ...], fold: Callable[[str], str], depth: int = 0
) -> Iterator[Match[TargetT]]:
    # Each node is met at most once, at its own depth: the work is bounded by the routes, never by the path.
    if depth == len(segments):
        if node.route is not None:
            yield Match(node.route, values)
        return
    segment = segments[depth]
    child = node.static.get(fold(segment))
    if child is not None:
        yield from _matches(child, segments, values, fold, depth + 1)
    if node.parameter is not None and segment:
        yield from _matches(node.parameter, segments, (*values, segment), fold, depth + 1)
    if node.rest is not None:
        yield Match(node.rest, (*values, "/".join(segments[depth:])))


def _fold(segment: str) -> str:
    return segment if segment[:1] in (":", "*") else segment.casefold()


def _toggle_slash(path: str) -> str:
    return path[:-1] if path.endswith("/") and path != "/" else path + "/"


def _clean(path: str) -> str:
    clean = "/" + posixpath.normpath(path).lstrip("/")
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _spelled(match: Match[TargetT]) -> str:
    values = iter(match.values)
    segments = match.route.pattern[1:].split("/")
    return "/" + "/".join(next(values) if segment[:1] in (":", "*") else segment for segment in segments)

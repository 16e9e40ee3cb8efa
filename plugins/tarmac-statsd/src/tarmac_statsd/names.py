"""Names as StatsD takes them: parts joined by dots, or one part with tags behind it."""

import re

_FORBIDDEN = re.compile("[^A-Za-z0-9_-]+")


def clean(text: str) -> str:
    """`/users/:id` becomes `users_id`; what nothing is left of, the root's path for one, becomes `_`."""
    return _FORBIDDEN.sub("_", text).strip("_") or "_"


def plain(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    """The values of the labels as further parts of the name."""
    return ".".join((name, *(clean(value) for _, value in labels)))


def tagged(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    """The labels as tags in the form of Influx."""
    return ",".join((name, *(f"{label}={clean(value)}" for label, value in labels)))


def guest_name(name: str) -> str:
    """A guest's name as it is, but for the colon, which would end it. Nothing else that it may hold is special."""
    return name.replace(":", "_")

"""pydantic's errors in plain words: what is wrong and what to write instead."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

_MUST_BE = {
    "int": ("must be a whole number", "write digits, such as 10"),
    "bool": ("must be a bool", "use true or false"),
    "float": ("must be a number", "write a number, such as 1.5"),
    "string": ("must be text", "put it in quotes"),
    "tuple": ("must be a list", "write a list"),
    "list": ("must be a list", "write a list"),
    "frozen_set": ("must be a list", "write a list"),
    "set": ("must be a list", "write a list"),
    "dict": ("must be an object", "write an object"),
    "model": ("must be an object", "write an object"),
    "path": ("must be a path", "write a path as text"),
}
_LIMITS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda limit: f"must be at least {limit['ge']}",
    "greater_than": lambda limit: f"must be more than {limit['gt']}",
    "less_than_equal": lambda limit: f"must be at most {limit['le']}",
    "less_than": lambda limit: f"must be less than {limit['lt']}",
    "multiple_of": lambda limit: f"must be a multiple of {limit['multiple_of']}",
    "literal_error": lambda limit: f"must be one of {limit['expected']}",
    "enum": lambda limit: f"must be one of {limit['expected']}",
    "string_pattern_mismatch": lambda limit: f"must match the pattern {limit['pattern']}",
    "string_too_short": lambda limit: _at_least(limit["min_length"], "characters"),
    "string_too_long": lambda limit: f"must have at most {limit['max_length']} characters",
    "too_short": lambda limit: _at_least(limit["min_length"], "items"),
    "too_long": lambda limit: f"must have at most {limit['max_length']} items",
}


def in_words(error: ErrorDetails, *, secret: bool = False) -> tuple[str, str]:
    """What is wrong, and the remedy (may be empty). With `secret` nothing that a validator said is repeated."""
    kind = error["type"]
    if kind == "missing":
        return "is required", ""
    if kind in _LIMITS:
        return _LIMITS[kind](error.get("ctx", {})), ""
    if kind == "value_error":
        return ("is not valid", "") if secret else _split(_said(error))
    family = kind.rsplit("_", 1)[0] if not kind.startswith("int_") else "int"
    if family in _MUST_BE:
        return _MUST_BE[family]
    return ("is not valid", "") if secret else (f"is not valid: {error['msg']}", "")


def _said(error: ErrorDetails) -> str:
    raised = error.get("ctx", {}).get("error")
    return str(raised) if raised is not None else error["msg"]


def _split(text: str) -> tuple[str, str]:
    """A validator's text `what: remedy` in its two halves."""
    what, _, remedy = text.partition(": ")
    return what, remedy


def _at_least(count: int, things: str) -> str:
    return "must not be empty" if count == 1 else f"must have at least {count} {things}"

"""Read one JSON object by a pydantic model: keys in any case, errors with their positions."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tarmac_core.config.nearest import did_you_mean
from tarmac_core.config.node import Node
from tarmac_core.config.report import Report, pointer_to
from tarmac_core.config.words import in_words

M = TypeVar("M", bound=BaseModel)

_SCALAR_ERRORS = ("int_type", "float_type", "bool_type", "string_type")


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object of the file: the members that a model knows under the model's spelling, and the others.

    A member that is `null` counts as absent.
    """

    node: Node
    path: tuple[str | int, ...]
    known: Mapping[str, Node]
    unknown: Mapping[str, Node]

    @property
    def pointer(self) -> str:
        """Where the object is."""
        return pointer_to(*self.path)

    def plain(self) -> dict[str, object]:
        """The known members as plain values."""
        return {name: node.plain() for name, node in self.known.items()}


def read_object(node: Node, path: tuple[str | int, ...], names: Iterable[str], report: Report) -> JsonObject | None:
    """Sort an object's members by the names that are known, in any case. None and a problem where it is no object."""
    if not isinstance(node.value, dict):
        report.problem(node, pointer_to(*path), "must be an object", "write { ... }")
        return None
    spelling = {name.casefold(): name for name in names}
    known: dict[str, Node] = {}
    unknown: dict[str, Node] = {}
    for key, child in node.value.items():
        name = spelling.get(key.casefold())
        if name is None:
            unknown[key] = child
        elif child.value is None:
            continue
        elif name in known:
            report.problem(
                child, pointer_to(*path, key), f"{name} is given twice in different case", "remove one of them"
            )
        else:
            known[name] = child
    return JsonObject(node, path, known, unknown)


def names_of(model: type[BaseModel]) -> list[str]:
    """The members that a model reads, as they are spelt in JSON."""
    return [info.alias or name for name, info in model.model_fields.items()]


def validate(model: type[M], source: JsonObject, report: Report, *, with_unknown: bool = False) -> M | None:
    """Fill a model strictly: no text for numbers. `with_unknown` hands over what the model does not know as well."""
    plain = source.plain()
    if with_unknown:
        plain |= {key: node.plain() for key, node in source.unknown.items()}
    return validate_value(model, plain, source, report)


def validate_value(model: type[M], value: object, source: JsonObject, report: Report) -> M | None:
    """Fill a model from any JSON value that stands at `source`."""
    try:
        filled, errors = _fill(model, json.dumps(value))
    except Exception as error:  # noqa: BLE001 - a plugin's own validator; the others are still to be checked
        what = f"the validator of {model.__name__} failed with {type(error).__name__}"
        report.problem(source.node, source.pointer, what, "report it to the plugin's author")
        return None
    for details in errors:
        _explain(details, model, source, report)
    return filled


def _fill(model: type[M], text: str) -> tuple[M | None, list[ErrorDetails]]:
    """Fill a model so that numbers are numbers, but lists may be tuples also behind a plugin's own validators.

    pydantic's strict mode knows only both together: it refuses a list that a "before" validator hands on for a tuple.
    """
    try:
        return model.model_validate_json(text, strict=True), []
    except ValidationError as error:
        strict = [details for details in error.errors(include_url=False) if details["type"] in _SCALAR_ERRORS]
    try:
        filled = model.model_validate_json(text)
    except ValidationError as error:
        lax = error.errors(include_url=False)
        places = {details["loc"] for details in lax}
        errors = [*lax, *(details for details in strict if details["loc"] not in places)]
        return None, [details for details in errors if not _is_echo(details, errors)]
    return (None, strict) if strict else (filled, [])


def _is_echo(details: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    """Whether a list is only too short because its items were refused."""
    location = details["loc"]
    is_inside = any(len(one["loc"]) > len(location) and one["loc"][: len(location)] == location for one in errors)
    return details["type"] == "too_short" and is_inside


def warn_unknown(source: JsonObject, names: Iterable[str], report: Report) -> None:
    """Warn about every member that nobody reads."""
    for key, node in source.unknown.items():
        hint = did_you_mean(key, names)
        words = "is not known and has no effect" + (f" ({hint})" if hint else "")
        report.warn(node, pointer_to(*source.path, key), f"{key} {words}")


def _explain(details: ErrorDetails, model: type[BaseModel], source: JsonObject, report: Report) -> None:
    node, location = _locate(source, details["loc"])
    pointer = pointer_to(*source.path, *location)
    what, remedy = in_words(details)
    if details["type"] == "extra_forbidden":
        report.problem(node, pointer, "is not known here", did_you_mean(str(location[-1]), names_of(model)))
        return
    name = str(location[-1]) if location and isinstance(location[-1], str) else ""
    is_unique = isinstance(node.value, str | int | float) and details["type"] != "missing"
    shown = f"{name} {json.dumps(node.value, ensure_ascii=False)}" if is_unique else name
    report.problem(node, pointer, f"{shown} {what}".strip(), remedy or _help(model, name))


def _locate(source: JsonObject, location: tuple[str | int, ...]) -> tuple[Node, tuple[str | int, ...]]:
    """The node that an error is about, and its path; a missing member is reported at the object that lacks it."""
    node, path = source.node, location
    for index, part in enumerate(location):
        children: object = ({**source.unknown, **source.known}) if index == 0 else node.value
        if isinstance(children, dict) and part in children:
            node = children[part]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            break
    return node, path


def _help(model: type[BaseModel], name: str) -> str:
    for field_name, info in model.model_fields.items():
        if name in {field_name, info.alias}:
            return (info.description or "").removesuffix(".")
    return ""

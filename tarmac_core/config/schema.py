"""JSON schemas (draft 2020-12) of the configuration file and of `tarmac.json`, made from the models."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from tarmac_core.config.fields import fields_of
from tarmac_core.config.grants import GrantModels
from tarmac_core.config.manifest_models import FunctionShape, HttpRoute, ManifestShape, ServiceShape
from tarmac_core.plugin import PluginSettings, RouteModel

Schema: TypeAlias = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NOTES = ("title", "description", "default")
_MODE: JsonSchemaMode = "validation"
_LATE_VALUE = {"type": "string", "pattern": r"^\$\{(env|file):.+\}$"}


def settings_schema(
    models: Iterable[tuple[type[PluginSettings], str]], *, flags: Mapping[str, str] | None = None
) -> Schema:
    """The schema of `conf/config.*` for models with their prefixes, and for bools that core reads (`flags`: key to help).

    Each key may be written flat, or in a table named as its prefix; each value may be a reference such as `${env:X}`.
    """
    models = list(models)
    definitions, shapes = _definitions(model for model, _ in models)
    properties: Schema = {
        key: {"type": "boolean", "default": False, "description": text} for key, text in (flags or {}).items()
    }
    for model, prefix in models:
        table = properties.setdefault(prefix, {"type": "object", "properties": {}}) if prefix else None
        for field in fields_of(model, prefix):
            shape = _or_reference(shapes[model]["properties"][field.info.alias or field.name])
            for key in field.keys:
                properties[key] = shape
            if table is not None:
                table["properties"][field.name] = shape
    properties["stores"] = _stores()
    return {
        "$schema": _DRAFT,
        "title": "Tarmac settings",
        "type": "object",
        "properties": properties,
        "$defs": definitions,
    }


def manifest_schema(route_models: Mapping[str, type[RouteModel]], grant_models: GrantModels) -> Schema:
    """The schema of `tarmac.json` with the route types and grants of the plugins given; keys in lower case."""
    routes: dict[str, type[RouteModel]] = {**route_models, "http": HttpRoute}
    grants = {name: model for name, model in grant_models.items() if model is not None}
    shapes = (ManifestShape, ServiceShape, FunctionShape)
    definitions, found = _definitions([*shapes, *routes.values(), *grants.values()])
    route_list = [_of_type(found[model], name) for name, model in routes.items()]
    found[ServiceShape]["properties"]["routes"]["items"] = {"oneOf": route_list}
    found[FunctionShape]["properties"]["grants"] = _grants(grant_models, found)
    top = found[ManifestShape]
    return {"$schema": _DRAFT, **top, "title": "tarmac.json", "$defs": _reachable(top, definitions)}


def _reachable(top: Schema, definitions: Schema) -> Schema:
    """The definitions that the schema refers to, directly or through others."""
    found: Schema = {}
    waiting = list(_references(top))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += _references(definitions[name])
    return dict(sorted(found.items()))


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)


def _definitions(models: Iterable[type[BaseModel]]) -> tuple[Schema, dict[type[BaseModel], Schema]]:
    """All definitions, and the one of each model."""
    unique = list(dict.fromkeys(models))
    references, whole = models_json_schema([(model, _MODE) for model in unique])
    definitions: Schema = whole.get("$defs", {})
    found = {}
    for model in unique:
        name = references[model, _MODE]["$ref"].rpartition("/")[2]
        found[model] = definitions[name]
    return definitions, found


def _or_reference(shape: Schema) -> Schema:
    outer = {key: value for key, value in shape.items() if key in _NOTES or (key == "unit" and value)}
    inner = {key: value for key, value in shape.items() if key not in {*_NOTES, "unit", "aliases"}}
    return {**outer, "anyOf": [inner, _LATE_VALUE]}


def _stores() -> Schema:
    table = {
        "type": "object",
        "required": ["capability", "backend"],
        "properties": {"capability": {"type": "string"}, "backend": {"type": "string"}},
    }
    return {"type": "object", "description": "Named stores, by name.", "additionalProperties": table}


def _of_type(shape: Schema, route_type: str) -> Schema:
    required = sorted({*shape.get("required", ()), "type"})
    properties = {**shape["properties"], "type": {"const": route_type, "description": "Which kind of route this is."}}
    return {**shape, "properties": properties, "required": required}


def _grants(models: GrantModels, found: Mapping[type[BaseModel], Schema]) -> Schema:
    properties = {
        name: {"type": "boolean"} if model is None else {"anyOf": [{"type": "boolean"}, found[model]]}
        for name, model in models.items()
    }
    return {
        "type": "object",
        "description": "What the function may use, by capability; unset: all that is enabled.",
        "properties": properties,
        "additionalProperties": False,
    }

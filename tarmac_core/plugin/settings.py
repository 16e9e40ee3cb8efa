"""Typed settings. Values arrive as text (environment) or typed (files); text is read by the field's own type."""

from collections.abc import Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator

_TRUE = frozenset(("1", "t", "true"))
_FALSE = frozenset(("0", "f", "false", ""))


class PluginSettings(BaseModel):
    """Base of every settings model. A field `server` of the plugin with prefix `redis` is the key `redis_server`.

    Text for a bool, an int or a tuple of strings is read as upstream reads it, except that wrong text is an error. Use
    `SecretStr` for what must never be printed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _read_text(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str) or info.field_name is None:
            return value
        return _from_text(value, cls.model_fields[info.field_name].annotation)


def setting(default: Any, help: str, *, unit: str = "", aliases: Sequence[str] = (), **constraints: Any) -> Any:  # noqa: A002
    """Declare one field of a settings model.

    `default` is `...` where a value is required; `unit` is shown in the docs (`s`, `bytes`); `aliases` are whole flat keys
    that mean the same (`boltdb_filename`); `constraints` are pydantic's (`ge`, `le`, `pattern`, ...).
    """
    return Field(
        default, description=help, json_schema_extra={"unit": unit, "aliases": list[JsonValue](aliases)}, **constraints
    )


def _from_text(text: str, annotation: object) -> object:
    kinds = {annotation, get_origin(annotation), *get_args(annotation)}
    if bool in kinds:
        return _flag(text.strip())
    if tuple in kinds:
        return tuple(text.replace(",", " ").split())
    if int in kinds and float not in kinds:
        return _integer(text.strip())
    if float in kinds:
        return _number(text.strip())
    return text


def _flag(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError("is not a bool: use true or false")


def _integer(text: str) -> int:
    if not text:
        return 0
    digits = text.lstrip("+-")
    is_octal = len(digits) > 1 and digits.startswith("0") and digits.isdigit()
    try:
        return int(text, 8 if is_octal else 0)
    except ValueError:
        raise ValueError("is not a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text or "0")
    except ValueError:
        raise ValueError("is not a number") from None

"""What a settings model declares for each field: keys, type, unit, secrecy."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from tarmac_core.plugin import PluginSettings


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a settings model: `key` is its flat key, `aliases` are whole flat keys that mean the same."""

    name: str
    key: str
    aliases: tuple[str, ...]
    unit: str
    is_secret: bool
    kinds: frozenset[object]
    info: FieldInfo

    @property
    def keys(self) -> tuple[str, ...]:
        """Every flat key that fills the field, its own first."""
        return self.key, *self.aliases

    @property
    def is_bool(self) -> bool:
        """Whether text for it is read as a bool."""
        return bool in self.kinds

    @property
    def is_int(self) -> bool:
        """Whether text for it is read as a whole number."""
        return int in self.kinds and float not in self.kinds and not self.is_list

    @property
    def is_list(self) -> bool:
        """Whether text for it is split into a list."""
        return tuple in self.kinds

    @property
    def is_text(self) -> bool:
        """Whether it holds text, so that a number in a file means its digits."""
        is_number = int in self.kinds or float in self.kinds or self.is_bool
        return not self.is_list and not is_number and bool(self.kinds & {str, SecretStr, Path})

    @property
    def type_name(self) -> str:
        """The type in the words of the documentation."""
        if choices := [kind for kind in sorted(map(str, self.kinds)) if self._is_choice]:
            return " or ".join(f"`{choice}`" for choice in choices)
        if self.is_list:
            return "list"
        names = {bool: "bool", int: "int", float: "number"}
        found = [name for kind, name in names.items() if kind in self.kinds]
        return found[-1] if found else "text"

    @property
    def _is_choice(self) -> bool:
        return all(isinstance(kind, str) for kind in self.kinds)


def fields_of(model: type[PluginSettings], prefix: str) -> Iterator[Field]:
    """The fields of a model whose keys start with `prefix` and an underscore (no prefix: the field's name alone)."""
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        aliases = extra.get("aliases") or []
        kinds = _kinds(info.annotation)
        yield Field(
            name=name,
            key=f"{prefix}_{name}" if prefix else name,
            aliases=tuple(str(alias) for alias in aliases) if isinstance(aliases, list) else (),
            unit=str(extra.get("unit") or ""),
            is_secret=bool(kinds & {SecretStr, SecretBytes}),
            kinds=kinds,
            info=info,
        )


def _kinds(annotation: Any) -> frozenset[object]:
    """The types inside an annotation, without None: `int | None` is int, `Literal["a"]` is "a"."""
    arguments = get_args(annotation)
    if not arguments:
        return frozenset((annotation,))
    origin = get_origin(annotation)
    inner: frozenset[object] = frozenset().union(*(_kinds(argument) for argument in arguments))
    outer: frozenset[object] = (
        frozenset((origin,)) if isinstance(origin, type) and origin in {tuple, list} else frozenset()
    )
    return (outer | inner) - {type(None), Ellipsis}

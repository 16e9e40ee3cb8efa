"""Fill settings models from raw values, and say everything that is wrong in one go."""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails

from tarmac_core.config.fields import Field, fields_of
from tarmac_core.config.nearest import did_you_mean
from tarmac_core.config.raw import Raw, StoreTable, Values
from tarmac_core.config.reading import variable
from tarmac_core.config.references import DeadReferenceError, References, is_reference
from tarmac_core.config.shown import MASK, Shown, ShownValue, mask, scrub, show
from tarmac_core.config.values import RawValue
from tarmac_core.config.words import in_words
from tarmac_core.plugin import PluginSettings, Problem, setting

M = TypeVar("M", bound=PluginSettings)

DEFAULT_SOURCE = "default"


@dataclass(frozen=True, slots=True)
class Bound(Generic[M]):
    """A model that was filled, or None with the problems. `rows` show every field, also when there are problems.

    `wrong` names the fields at fault; `usable` is the model with defaults in their place, so that more can be checked, None
    where that does not help.
    """

    settings: M | None = dataclasses.field(repr=False)
    problems: list[Problem]
    rows: list[ShownValue]
    usable: M | None = dataclasses.field(default=None, repr=False)
    wrong: frozenset[str] = frozenset()


def bind(model: type[M], prefix: str, raw: Raw) -> Bound[M]:
    """Fill a model from the flat keys `<prefix>_<field>` and their aliases. Keys of others are not looked at."""
    return _Binding(model, list(fields_of(model, prefix)), raw.values, raw.references).bound()


def bind_store(model: type[M], table: StoreTable) -> Bound[M]:
    """Fill a backend's model from a named store, by the backend's own field names. Unknown fields are problems."""
    prefix = f"stores.{table.name}."
    fields = [_as_store_field(field, prefix) for field in fields_of(model, "")]
    values = {prefix + key: value for key, value in table.fields.items()}
    bound = _Binding(model, fields, values, table.references, is_store=True).bound()
    unknown = [
        Problem(_where(prefix + key, value), "is not a setting of this backend", _own_name(key, model))
        for key, value in table.fields.items()
        if key not in model.model_fields
    ]
    return Bound(None if unknown else bound.settings, [*bound.problems, *unknown], bound.rows)


def bind_flags(keys: Mapping[str, str], raw: Raw) -> tuple[dict[str, bool], list[Problem], list[ShownValue]]:
    """Read bools that no model declares, such as `enable_kvstore`. `keys` maps each to its help; the default is false.

    A flag that cannot be read is missing from the answer and among the problems.
    """
    values, problems, rows = {}, [], []
    for key, words in keys.items():
        bound = bind(flag_model(key, words), "", raw)
        problems += bound.problems
        rows += bound.rows
        if bound.settings is not None:
            values[key] = bool(getattr(bound.settings, key))
    return values, problems, rows


def flag_model(key: str, words: str) -> type[PluginSettings]:
    """A model with one bool, false by default."""
    definitions: dict[str, Any] = {key: (bool, setting(False, words))}
    return create_model("Flag", __base__=PluginSettings, **definitions)


def _own_name(key: str, model: type[PluginSettings]) -> str:
    """Which of the backend's names may have been meant; a flat alias leads to its field."""
    for one in fields_of(model, ""):
        if key in one.aliases:
            return f"did you mean {one.name}?"
    return did_you_mean(key, model.model_fields)


def _as_store_field(field: Field, prefix: str) -> Field:
    return Field(field.name, prefix + field.name, (), field.unit, field.is_secret, field.kinds, field.info)


def _where(key: str, value: RawValue) -> str:
    return f"{key} from {value.source}"


class _Binding(Generic[M]):
    """One filling of one model; made, asked once and dropped."""

    def __init__(
        self, model: type[M], fields: Iterable[Field], values: Values, references: References, *, is_store: bool = False
    ) -> None:
        self._model = model
        self._fields = {field.name: field for field in fields}
        self._values = values
        self._references = references
        self._is_store = is_store
        self._found: dict[str, tuple[str, RawValue]] = {}
        self._inputs: dict[str, object] = {}
        self._secrets: list[str] = []
        self._failed: set[str] = set()
        self._problems: list[Problem] = []

    def bound(self) -> Bound[M]:
        for field in self._fields.values():
            self._take(field)
        settings = self._validate()
        rows = [self._row(field, settings) for field in self._fields.values()]
        if not self._problems:
            return Bound(settings, [], rows, settings)
        return Bound(None, self._problems, rows, self._without_failed(), frozenset(self._failed))

    def _take(self, field: Field) -> None:
        """Find the field's value under its key or an alias, and fetch what it refers to."""
        present = [(key, self._values[key]) for key in field.keys if key in self._values]
        if not present:
            return
        self._found[field.name] = present[0]
        value = present[0][1]
        places = [_where(key, value) for key, value in present]
        places += [f"{key} from {place}" for key, value in present for place in value.also]
        if len(places) > 1:
            remedy = f"keep one of them: {', '.join(places[1:])}"
            self._fail(field, places[0], f"{field.key} is given {len(places)} times", remedy)
            return
        try:
            resolved = self._references.resolve(value.value)
        except DeadReferenceError as error:
            self._fail(field, places[0], error.what, error.remedy)
            return
        if field.is_secret or is_reference(value.value):
            self._secrets += _texts(resolved)
        if isinstance(resolved, bool) and not field.is_bool and not field.is_list:
            kind = "a whole number" if field.is_int else "text"
            self._fail(field, places[0], f"must be {kind}, not true or false", _help(field))
            return
        is_number = isinstance(resolved, int) and not isinstance(resolved, bool)
        self._inputs[field.name] = str(resolved) if field.is_text and is_number else resolved

    def _validate(self) -> M | None:
        try:
            settings = self._model.model_validate(self._inputs)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self._explain(details)
            return None
        except Exception as error:  # noqa: BLE001 - a plugin's own validator; the others are still to be checked
            what = f"its validator failed with {type(error).__name__}"
            self._problems.append(Problem(f"settings {self._model.__name__}", what, "report it to the plugin's author"))
            return None
        for name, value in self._inputs.items():
            number = getattr(settings, name)
            if isinstance(number, float) and not math.isfinite(number):
                field = self._fields[name]
                self._fail(field, self._place(field), "must be a finite number", f"{_quoted(value)} is none")
        return settings

    def _without_failed(self) -> M | None:
        try:
            return self._model.model_validate({k: v for k, v in self._inputs.items() if k not in self._failed})
        except Exception:  # noqa: BLE001 - what is wrong has been told; a required field may be among it
            return None

    def _explain(self, details: ErrorDetails) -> None:
        field = self._fields.get(str(details["loc"][0])) if details["loc"] else None
        if field is None:
            # A rule about several fields; with one of them already wrong it would only confuse.
            if not self._failed:
                what, remedy = in_words(details)
                where = f"settings {', '.join(sorted(self._found)) or self._model.__name__}"
                self._problems.append(Problem(where, scrub(what, self._secrets), scrub(remedy, self._secrets)))
            return
        if field.name in self._failed:
            return
        is_secret = self._is_secret(field)
        # A secret that is empty, or that nobody set, gives nothing away, and `is not set` tells more than `is not valid`.
        what, remedy = in_words(details, secret=is_secret and bool(self._inputs.get(field.name)))
        if details["type"] == "missing":
            self._fail(field, field.key, "is required", self._how_to_set(field))
            return
        shown = "" if is_secret or field.name not in self._inputs else f"{_quoted(self._inputs[field.name])} "
        self._fail(field, self._place(field), scrub(f"{shown}{what}", self._secrets), remedy or _help(field))

    def _is_secret(self, field: Field) -> bool:
        found = self._found.get(field.name)
        return field.is_secret or (found is not None and is_reference(found[1].value))

    def _place(self, field: Field) -> str:
        found = self._found.get(field.name)
        return _where(*found) if found else f"{field.key} ({DEFAULT_SOURCE})"

    def _how_to_set(self, field: Field) -> str:
        if self._is_store:
            return f"write {field.name} in the store's table: {_help(field)}"
        return f"set {variable(field.key)}, or {field.key} in the configuration file: {_help(field)}"

    def _fail(self, field: Field, where: str, what: str, remedy: str) -> None:
        self._failed.add(field.name)
        self._problems.append(Problem(where, what, remedy))

    def _row(self, field: Field, settings: M | None) -> ShownValue:
        found = self._found.get(field.name)
        source = found[1].source if found else DEFAULT_SOURCE
        if found and is_reference(found[1].value):
            return ShownValue(field.key, _without_plain(found[1].value), source, secret=True)
        value = getattr(settings, field.name) if settings else found[1].value if found else _default(field)
        shown = mask(value) if field.is_secret and not settings else show(value)
        return ShownValue(field.key, shown, source, field.is_secret)


def _default(field: Field) -> object:
    return None if field.info.is_required() else field.info.get_default(call_default_factory=True)


def _without_plain(value: object) -> Shown:
    """A reference as it was written; plain items beside references are masked, for they are secrets as well."""
    if isinstance(value, list):
        return [str(item) if is_reference(item) else MASK for item in value]
    return str(value)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _quoted(value: object) -> str:
    return repr(show(value))


def _help(field: Field) -> str:
    return (field.info.description or "").removesuffix(".")

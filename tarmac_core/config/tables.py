"""Settings as rows for the documentation."""

from collections.abc import Iterator
from dataclasses import dataclass

from tarmac_core.config.fields import fields_of
from tarmac_core.config.reading import variable
from tarmac_core.config.shown import Shown, mask, show
from tarmac_core.plugin import PluginSettings


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: flat key, variable, type in words, default fit for JSON (masked where secret), unit, help, aliases."""

    key: str
    variable: str
    type: str
    default: Shown
    is_required: bool
    unit: str
    help: str
    is_secret: bool
    aliases: tuple[str, ...]


def setting_rows(model: type[PluginSettings], prefix: str) -> Iterator[SettingRow]:
    """One row for each field of a model, in its order."""
    for field in fields_of(model, prefix):
        is_required = field.info.is_required()
        default = None if is_required else field.info.get_default(call_default_factory=True)
        yield SettingRow(
            key=field.key,
            variable=variable(field.key),
            type=field.type_name,
            default=mask(default) if field.is_secret and isinstance(default, str) else show(default),
            is_required=is_required,
            unit=field.unit,
            help=field.info.description or "",
            is_secret=field.is_secret,
            aliases=field.aliases,
        )

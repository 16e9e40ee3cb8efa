"""One value with its source."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RawValue:
    """A value as it was written, and the words for where: `APP_DEBUG (environment)`, `conf/config.toml line 4`.

    `also` names the other places of the same file that give the same key. The value is kept out of `repr`: it may be a
    password.
    """

    value: object = field(repr=False)
    source: str
    also: tuple[str, ...] = ()

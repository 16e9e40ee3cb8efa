"""How values are shown to people: secrets are masked, in tables and in messages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import SecretBytes, SecretStr

MASK = "***"
_USER_INFO = re.compile(r"(://[^\s/?#:@]*:)[^\s]*@")

Shown: TypeAlias = "str | int | float | bool | list[Shown] | None"


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One line of `tarmac config show`. `value` is fit for JSON; a secret one is masked, empty when it is empty."""

    key: str
    value: Shown
    source: str
    secret: bool


def show(value: object) -> Shown:
    """A value without passwords: `SecretStr` is masked, and so is the password in a URL."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, SecretStr | SecretBytes):
        return mask(value.get_secret_value())
    if isinstance(value, list | tuple | set | frozenset):
        return [show(item) for item in value]
    return _USER_INFO.sub(rf"\1{MASK}@", str(value))


def mask(value: object) -> str:
    """`***`, or nothing for nothing."""
    return MASK if value else ""


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Take every secret out of a text, also where `repr` changed it."""
    spellings = {spelling for secret in secrets for spelling in (secret, repr(secret)[1:-1])}
    for spelling in sorted(spellings, key=len, reverse=True):
        if spelling:
            text = text.replace(spelling, MASK)
    return text

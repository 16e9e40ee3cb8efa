"""`${env:NAME}` and `${file:PATH}`: values that are fetched when a model is filled, and never shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_REFERENCE = re.compile(r"\$\{(env|file):(.+)\}", re.DOTALL)
_MAX_FILE_BYTES = 1024 * 1024


class DeadReferenceError(Exception):
    """A reference that leads nowhere; the text names the variable or the file, never a value."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class References:
    """Where references lead: the variables of `environ`, and files relative to `folder`."""

    environ: Mapping[str, str] = field(repr=False)
    folder: Path

    def resolve(self, value: object) -> object:
        """Replace every reference in a value or in the items of a list. Raises `DeadReferenceError`."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        match = _match(value)
        if match is None:
            return value
        return self._variable(match[2]) if match[1] == "env" else self._file(match[2])

    def _variable(self, name: str) -> str:
        try:
            return self.environ[name]
        except KeyError:
            raise DeadReferenceError(f"the variable {name} is not set", f"set {name}") from None

    def _file(self, name: str) -> str:
        path = self.folder / name
        try:
            if path.is_fifo():  # opening it would wait for a writer, and say nothing
                raise DeadReferenceError(f"the file {path} is a pipe", "name a file that holds the value")
            with path.open("rb") as file:
                data = file.read(_MAX_FILE_BYTES + 1)
            text = data.decode("utf-8")
        except OSError as error:
            reason = error.strerror or "cannot be read"
            raise DeadReferenceError(f"the file {path} cannot be read: {reason}", "make it readable") from None
        except ValueError:
            raise DeadReferenceError(f"the file {path!s} does not hold UTF-8 text", "write it as UTF-8") from None
        if len(data) > _MAX_FILE_BYTES:
            raise DeadReferenceError(f"the file {path} is larger than 1 MiB", "name a file with the value alone")
        return text.removesuffix("\n").removesuffix("\r")


def is_reference(value: object) -> bool:
    """Whether the value, or an item of the list, is a reference."""
    if isinstance(value, list):
        return any(is_reference(item) for item in value)
    return _match(value) is not None


def _match(value: object) -> re.Match[str] | None:
    return _REFERENCE.fullmatch(value) if isinstance(value, str) else None

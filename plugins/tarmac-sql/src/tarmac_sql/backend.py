"""What a database implements, without any knowledge of guests or formats."""

from abc import ABC, abstractmethod
from typing import NamedTuple, TypeAlias

from tarmac_core.plugin import BackendError

Value: TypeAlias = bool | int | float | str | bytes | None
"""A parameter."""


class SQLError(BackendError):
    """A database's failure; guests read its text, so it names no secret, address or path of the host."""


class ConversionError(SQLError):
    """A result that cannot be written as JSON."""


class ReadOnlyError(SQLError):
    """Something that may only be read was to be changed. Nothing has changed."""


class Statement(NamedTuple):
    """One statement. `args` None means that the text reaches the server untouched, placeholders or not."""

    text: str
    args: tuple[Value, ...] | None = None


class Rows(NamedTuple):
    """A result: column names in the server's order, rows as the JSON text of a list of objects (`[]` for none)."""

    columns: tuple[str, ...]
    data: bytes


NO_ROWS = Rows((), b"[]")
"""What statements give that have no result."""


class Done(NamedTuple):
    """What a statement changed; `missing` says in words what could not be learned, which makes the answer a 206."""

    rows_affected: int = 0
    last_insert_id: int = 0
    missing: str = ""


class SQLBackend(ABC):
    """One opened database. Methods run on the event loop and must not block it.

    Each call is one transaction: committed when it returns, undone when it raises. Failures raise `SQLError`; any other
    exception is logged and guests only read `internal error`. With `read_only` a statement that would change something
    raises `ReadOnlyError`, however it is written. A cancelled call stops the statement on the server. Closing belongs to
    the backend's `open`.
    """

    @abstractmethod
    async def query(self, statement: Statement, *, read_only: bool = False) -> Rows:
        """Run a statement and return its rows; those of DDL and DML are empty."""

    @abstractmethod
    async def exec(self, statement: Statement) -> Done:
        """Run a statement and tell what it changed."""

    @abstractmethod
    async def health(self) -> None:
        """Return if the database works now, raise `SQLError` with the reason if not."""

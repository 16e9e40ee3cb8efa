"""What a guest asked for, apart from the format it was written in."""

from typing import NamedTuple

from tarmac_core.plugin import HostCallError
from tarmac_sql.backend import Statement, Value


class Request(NamedTuple):
    """One statement as it came; `args` None where the guest sent none."""

    query: bytes
    args: tuple[Value, ...] | None = None

    def statement(self) -> Statement:
        """The statement, or a 400 for one that is empty or no text."""
        if not self.query:
            raise HostCallError(400, "SQL Query must be defined")
        if b"\0" in self.query:
            raise HostCallError(400, "Unable to decode query - there is a NUL in it; send it as a parameter (args)")
        try:
            return Statement(self.query.decode(), self.args)
        except UnicodeDecodeError as error:
            raise HostCallError(400, f"Unable to decode query - not UTF-8 at byte {error.start}") from error

"""Tells the operator when the server is out of reach, and when it is back."""

from tarmac_core.plugin import Log
from tarmac_sql_postgres.faults import in_words, is_unreachable
from tarmac_sql_postgres.turn import Driver


class Watch:
    """Hears of each failure and of each new connection. `place` is the server in words."""

    def __init__(self, place: str, log: Log) -> None:
        self._place = place
        self._log = log
        self._is_unreachable = False

    def note(self, error: Exception) -> None:
        """Log the first of a row of failures; thousands of calls may fail in the same second."""
        if is_unreachable(error) and not self._is_unreachable:
            self._is_unreachable = True
            self._log.warning("%s: %s", self._place, in_words(error))

    async def greet(self, connection: Driver) -> None:
        """Make a new connection ours."""
        # Without these the driver would collect what guests let the server send, for nobody.
        connection.pgconn.notify_handler = None
        connection.pgconn.notice_handler = None
        if self._is_unreachable:
            self._is_unreachable = False
            self._log.info("%s answers again", self._place)

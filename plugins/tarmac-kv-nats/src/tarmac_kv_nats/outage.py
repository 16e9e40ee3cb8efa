"""How a server that is away shows in the log: once, although thousands of calls may fail in the same second."""

from tarmac_core.plugin import Log

_MOST_LINES = 10


class Outage:
    """Remembers whether the server is away, and what was said about it."""

    def __init__(self, place: str, log: Log) -> None:
        self._place = place
        self._log = log
        self._told: set[str] = set()

    def goes_on(self, words: str) -> None:
        """Log the first of a row of failures, and the first of each other kind, as long as the kinds are few."""
        if words not in self._told and len(self._told) < _MOST_LINES:
            self._told.add(words)
            self._log.warning("%s: %s", self._place, words)

    def is_over(self) -> None:
        """Log that the server is back, if it was away."""
        if self._told:
            self._told.clear()
            self._log.info("%s answers again", self._place)

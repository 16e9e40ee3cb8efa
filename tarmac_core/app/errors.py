"""What ends a start, by exit code."""

from collections.abc import Iterable

from tarmac_core.plugin import Problem


class ConfigurationError(Exception):
    """Everything that is wrong with the configuration, together; exit code 2."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class StartError(Exception):
    """Something that configuration asked for does not open: a store, a port, an init function; exit code 1."""

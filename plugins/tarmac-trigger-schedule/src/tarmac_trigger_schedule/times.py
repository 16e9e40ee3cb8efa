"""When a cron line is due. The only module that imports the cron parser; nothing imports this one before it is needed."""

from croniter import CroniterError, croniter  # type: ignore[import-untyped]

_EXAMPLE = "write one such as */5 * * * *"


def next_time_s(line: str, *, after_s: float) -> float:
    """Return the first time of `line` after `after_s`, both in seconds since the epoch; fields are read in UTC.

    Raises ValueError, as `what: remedy`, for a line that cannot be read or is never due (30 February).
    """
    count = len(line.split())
    # A seventh field would be the year: such a line ends, and a schedule that ends is a mistake more often than a wish.
    if count not in (5, 6) and not line.startswith("@"):
        raise ValueError(f"is not a cron line, it has {count} fields instead of 5 or 6: {_EXAMPLE}")
    try:
        return float(croniter(line, after_s).get_next(float))
    except CroniterError as error:
        why = str(error).replace(": ", " ")
        raise ValueError(f"is not a cron line, {why}: {_EXAMPLE}") from error

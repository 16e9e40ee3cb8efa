"""When a cron line is due. The only module that imports the cron parser; nothing imports this one before it is needed."""

from croniter import CroniterError, croniter  # type: ignore[import-untyped]

# A seventh field would be the year: such a line ends, and a schedule that ends is a mistake more often than a wish.
MOST_FIELDS = 6


def next_time_s(line: str, *, after_s: float) -> float:
    """Return the first time of `line` after `after_s`, both in seconds since the epoch; fields are read in UTC.

    Raises ValueError for a line that cannot be read or is never due (30 February).
    """
    if len(line.split()) > MOST_FIELDS:
        raise ValueError(f"is not a cron line: it has more than {MOST_FIELDS} fields")
    try:
        return float(croniter(line, after_s).get_next(float))
    except CroniterError as error:
        raise ValueError(f"is not a cron line: {error}") from error

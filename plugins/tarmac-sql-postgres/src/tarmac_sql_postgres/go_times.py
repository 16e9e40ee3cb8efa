"""Points in time as Go's `time.Time` writes itself as JSON, which is what the original's driver makes of them."""

import re

from psycopg.abc import Buffer
from psycopg.adapt import Loader
from tarmac_sql.backend import ConversionError

_DATE_TIME = re.compile(
    r"(?P<year>\d{4,})(?P<day>-\d\d-\d\d)(?: (?P<time>\d\d:\d\d:\d\d(?:\.\d+)?)(?P<zone>[+-][\d:]+)?)?(?P<bc> BC)?"
)
_TIME = re.compile(r"(?P<time>\d\d:\d\d:\d\d(?:\.\d+)?)(?P<zone>[+-][\d:]+)?")
_YEAR_ZERO = "0000-01-01"


class DateTimeLoader(Loader):
    """`date`, `timestamp`, `timestamptz`; infinity stays bytes, which become base64."""

    def load(self, data: Buffer) -> str | bytes:
        """Raises `ConversionError` for years that Go refuses to write."""
        text = bytes(data)
        found = _DATE_TIME.fullmatch(text.decode())
        if found is None:
            return text
        year = 1 - int(found["year"]) if found["bc"] else int(found["year"])
        if not 0 <= year <= 9999:
            raise ConversionError(
                "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]"
            )
        return f"{year:04}{found['day']}T{found['time'] or '00:00:00'}{_zone(found['zone'])}"


class TimeLoader(Loader):
    """`time`, `timetz`: on the first day of the year 0, or on the second at 24 o'clock."""

    def load(self, data: Buffer) -> str | bytes:
        """What is no time stays bytes."""
        text = bytes(data)
        found = _TIME.fullmatch(text.decode())
        if found is None:
            return text
        if found["time"].startswith("24"):
            return f"0000-01-02T00:00:00{_zone(found['zone'])}"
        return f"{_YEAR_ZERO}T{found['time']}{_zone(found['zone'])}"


def _zone(offset: str | None) -> str:
    """Go has minutes, always, and no seconds."""
    if not offset:
        return "Z"
    hours, _, rest = offset.partition(":")
    minutes = rest[:2] or "00"
    return "Z" if hours[1:] + minutes == "0000" else f"{hours}:{minutes}"

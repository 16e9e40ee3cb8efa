"""What becomes of the server's values, which all come as text: natural JSON, or what the original's driver makes of them.

Converters of the driver get text or bytes of one kind of column; what has none stays text, or bytes where it is binary.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from asyncmy.constants import FIELD_TYPE
from tarmac_sql.backend import ConversionError

from tarmac_sql_mysql.server import Server

Decoders: TypeAlias = dict[int, Callable[[Any], Any]]

_DEEP = 300
_ZERO = "0000-00-00 00:00:00"
_MOMENTS = (FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATETIME)
_DATES = (FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE)


def decoders(server: Server) -> Decoders:
    """For all results of a connection. In Go's shape all is bytes, but for times if the DSN says `parseTime`."""
    if not server.is_go:
        return dict(_NATURAL)
    if not server.options.parse_time:
        return {}
    zone = None if server.options.zone == "Local" else ZoneInfo(server.options.zone)
    return dict.fromkeys((*_MOMENTS, *_DATES), partial(_go_time, zone))


def _json(text: str) -> Any:
    """Part of the result's JSON; what is nested too deeply to be written again is refused."""
    try:
        value = json.loads(text)
        if text.count("[") + text.count("{") > _DEEP:
            json.dumps(value)
    except RecursionError:
        raise ConversionError("a JSON value is nested too deeply: read it as text") from None
    return value


def _moment(text: str) -> str:
    return text.replace(" ", "T")


def _bits(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _go_time(zone: ZoneInfo | None, data: bytes) -> str:
    """RFC 3339 as Go writes a time.Time: no zeros at the end of the fraction, month and day 0 as 1, zero dates as year 1."""
    text = data.decode("ascii")
    if text == _ZERO[: len(text)] or text.startswith("0000-00-00 00:00:00."):
        return "0001-01-01T00:00:00Z"
    day, _, clock = text.partition(" ")
    clock, _, fraction = (clock or "00:00:00").partition(".")
    fraction = fraction.rstrip("0")
    day = "-".join("01" if part == "00" else part for part in day.split("-"))
    return f"{day}T{clock}{'.' if fraction else ''}{fraction}{_offset(zone, f'{day}T{clock}')}"


def _offset(zone: ZoneInfo | None, text: str) -> str:
    if zone is not None and zone.key == "UTC":
        return "Z"
    try:
        moment = datetime.fromisoformat(text)
        offset = (moment.astimezone() if zone is None else moment.replace(tzinfo=zone)).isoformat()[19:25]
    except (ValueError, OverflowError):
        return "Z"
    return "Z" if offset == "+00:00" else offset


_NATURAL: Decoders = {
    **dict.fromkeys(
        (
            FIELD_TYPE.TINY,
            FIELD_TYPE.SHORT,
            FIELD_TYPE.INT24,
            FIELD_TYPE.LONG,
            FIELD_TYPE.LONGLONG,
            FIELD_TYPE.YEAR,
        ),
        int,
    ),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), float),
    **dict.fromkeys(_MOMENTS, _moment),
    FIELD_TYPE.BIT: _bits,
    FIELD_TYPE.JSON: _json,
}

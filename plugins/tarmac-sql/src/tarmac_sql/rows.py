"""Writes rows as the JSON text that guests read, chunk by chunk, and stops at the limits."""

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from tarmac_sql.backend import ConversionError, Rows, SQLError

Converter: TypeAlias = Callable[[Any], Any]
"""Makes of a driver's value what JSON has: None, bool, int, float, str, list or dict; bytes become base64 text."""

CHUNK_ROWS = 500
"""So many rows at a time are fetched and written: a limit is noticed before much more than it allows is in memory."""

_WRITTEN_ESCAPED = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_LARGEST_PLAIN = 1e21


@dataclass(frozen=True, slots=True)
class RowLimits:
    """0 rows set no limit."""

    max_rows: int
    max_bytes: int

    def too_many_bytes(self) -> SQLError:
        """What the guest of a larger result reads."""
        return SQLError(
            f"the result has more than {self.max_bytes} bytes: ask for fewer rows or columns, or raise sql_max_result_bytes"
        )


class Shape(NamedTuple):
    """How a database's results are to look: natural or as Go has them, and how large at most."""

    limits: RowLimits
    is_go: bool

    def writer(self, columns: Sequence[str], converters: Sequence[Converter | None] = ()) -> "RowWriter":
        """For one result; give it the rows in chunks of `CHUNK_ROWS`."""
        return RowWriter(columns, converters, self.limits, is_go=self.is_go)


class RowWriter:
    """Collects one result. `converters` has one entry a column, None where the driver's value is right already, or none."""

    def __init__(
        self, columns: Sequence[str], converters: Sequence[Converter | None], limits: RowLimits, *, is_go: bool
    ) -> None:
        self._columns = tuple(columns)
        self._converters = [(index, one) for index, one in enumerate(converters) if one is not None]
        self._limits = limits
        self._is_go = is_go
        self._chunks: list[bytes] = []
        self._count = self._bytes = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add some rows; raises `SQLError` past a limit, `ConversionError` for what JSON cannot say."""
        if not rows:
            return
        self._count += len(rows)
        if 0 < self._limits.max_rows < self._count:
            raise SQLError(
                f"the result has more than {self._limits.max_rows} rows: ask for fewer (LIMIT), or raise sql_max_rows"
            )
        chunk = self._text(rows)[1:-1].encode()
        self._bytes += len(chunk) + 1
        if self._bytes > self._limits.max_bytes:
            raise self._limits.too_many_bytes()
        self._chunks.append(chunk)

    def finish(self) -> Rows:
        """The whole result."""
        return Rows(self._columns, b"[" + b",".join(self._chunks) + b"]")

    def _text(self, rows: Sequence[Sequence[Any]]) -> str:
        objects = self._objects(rows)
        if self._is_go:
            objects = [{name: _go(one[name]) for name in sorted(one)} for one in objects]
        try:
            text = _dump(objects)
        except ValueError:
            # A number that JSON lacks: looked for only now, since nearly no result has one.
            text = _dump([{name: _finite(value) for name, value in one.items()} for one in objects])
        return _WRITTEN_ESCAPED.sub(_escape, text)

    def _objects(self, rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
        if not self._converters:
            return [dict(zip(self._columns, row, strict=True)) for row in rows]
        return [dict(zip(self._columns, self._converted(row), strict=True)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, converter in self._converters:
            if values[index] is not None:
                values[index] = converter(values[index])
        return values


def _plain(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    raise ConversionError(f"unsupported type: {type(value).__name__}")


# Made once: `json.dumps` with options makes one each time, which takes longer than a small result.
_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode


def _go(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise ConversionError(f"json: unsupported value: {_name(value)}")
    return int(value) if value.is_integer() and abs(value) < _LARGEST_PLAIN else value


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"+Inf": "Infinity", "-Inf": "-Infinity"}.get(_name(value), "NaN")
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return {key: _finite(one) for key, one in value.items()} if isinstance(value, dict) else value


def _name(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "\\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"

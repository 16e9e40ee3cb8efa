"""What becomes of the server's values, which all come as text: natural JSON, or what the original's driver makes of them."""

import json
import re
from typing import Any

from psycopg import BaseConnection, postgres
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.array import register_array
from psycopg.types.bool import BoolLoader
from psycopg.types.numeric import FloatLoader, IntLoader
from psycopg.types.string import ByteaLoader, TextLoader
from tarmac_sql.backend import ConversionError

from tarmac_sql_postgres.go_times import DateTimeLoader, TimeLoader

_ANY_OTHER = 0
_SAME = (
    (("int2", "int4", "int8"), IntLoader),
    (("float4", "float8"), FloatLoader),
    (("bool",), BoolLoader),
    (("bytea",), ByteaLoader),
)
_DEEP = 300
_OFFSET = re.compile(r"([+-]\d\d)(:\d\d)?(:\d\d)?$")


class Adapters:
    """How results are read: the driver's context, without any connection's."""

    connection: BaseConnection[Any] | None = None

    def __init__(self, *, is_go: bool) -> None:
        self.adapters = AdaptersMap(types=postgres.types)
        for names, loader in (*_SAME, *(_GO if is_go else _NATURAL)):
            for name in names:
                self.adapters.register_loader(name, loader)
        self.adapters.register_loader(_ANY_OTHER, BytesLoader if is_go else TextLoader)
        if not is_go:
            for info in postgres.types:
                if info.array_oid:
                    register_array(info, self)


class BytesLoader(Loader):
    """Text as bytes, which become base64."""

    def load(self, data: Buffer) -> bytes:
        """As it is."""
        return bytes(data)


class JsonLoader(Loader):
    """JSON as part of the result's JSON."""

    def load(self, data: Buffer) -> Any:
        """Read it; what is nested too deeply to be written again is refused."""
        text = bytes(data)
        try:
            value = json.loads(text)
            if text.count(b"[") + text.count(b"{") > _DEEP:
                json.dumps(value)
        except RecursionError:
            raise ConversionError("a JSON value is nested too deeply: read it as text") from None
        return value


class IsoLoader(Loader):
    """A point in time as RFC 3339 has it, with T and whole offsets; what that cannot say stays as the server writes it."""

    def load(self, data: Buffer) -> str:
        """For timestamps with and without zone, and times with zone."""
        text = bytes(data).decode()
        if text.endswith(("BC", "infinity")):
            return text
        return _OFFSET.sub(_rfc3339, text.replace(" ", "T", 1)) if ":" in text else text


def _rfc3339(match: re.Match[str]) -> str:
    hours, minutes = match[1], match[2] or ":00"
    return "Z" if hours[1:] + minutes == "00:00" else hours + minutes


_NATURAL = (
    (("oid",), IntLoader),
    (("json", "jsonb"), JsonLoader),
    (("timestamp", "timestamptz", "timetz"), IsoLoader),
)
_GO = (
    (("text", "varchar", "bpchar", '"char"'), TextLoader),
    (("date", "timestamp", "timestamptz"), DateTimeLoader),
    (("time", "timetz"), TimeLoader),
)

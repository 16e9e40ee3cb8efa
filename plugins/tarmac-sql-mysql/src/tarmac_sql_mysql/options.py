"""What `sql_dsn` says behind its question mark: options of go-sql-driver/mysql 1.7 (its README) and of SQLAlchemy's URLs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tarmac_sql.dsn import DSNError

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|h|m|s)")
_NAME = re.compile(r"(?:@@)?[A-Za-z_][A-Za-z0-9_.]*")
_COLLATION = re.compile(r"utf8mb4_\w+")
_TRUE, _FALSE = ("1", "true", "TRUE", "True"), ("0", "false", "FALSE", "False")
_UTF8 = ("utf8mb4", "utf8", "utf8mb3")
_TLS = {"true": "on", "false": "off", "skip-verify": "skip-verify", "preferred": "preferred"}

# These choose between ways to do the same, or allow what needs no allowing here.
_WITHOUT_MEANING = frozenset(
    ("interpolateParams", "checkConnLiveness", "allowFallbackToPlaintext", "connectionAttributes", "charset_name")
)
_REFUSED = {
    "allowAllFiles": "LOAD DATA LOCAL would read files of this host; it stays refused",
    "allowOldPasswords": "passwords of MySQL 4.0 are not supported",
    "multiStatements": "one call is one statement; several in one text are refused by the server",
    "columnsWithAlias": "columns keep their own names; write AS in the statement",
    "rejectReadOnly": "a server that became read-only answers with an error, the connection is kept",
    "serverPubKey": "the server's key is asked for when it is needed",
    "local_infile": "LOAD DATA LOCAL would read files of this host; it stays refused",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Options that mean something here; `warnings` tells of those that do not. None is what was not said."""

    tls: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    hostname_verify: bool | None = None
    connect_timeout_s: float | None = None
    statement_timeout_s: float | None = None
    collation: str = ""
    parse_time: bool = False
    zone: str = "UTC"
    found_rows: bool = False
    native_passwords: bool = True
    cleartext_passwords: bool = False
    max_packet_bytes: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_options(given: Mapping[str, str]) -> Options:
    """Read them all; raises `DSNError` naming the wrong one. Any other name is a variable of the server, as in Go."""
    found: dict[str, object] = {}
    variables: dict[str, str] = {}
    warnings: list[str] = []
    limits_s: list[float] = []
    for name, value in given.items():
        if name in _REFUSED:
            if name == "serverPubKey" or _boolean(name, value):
                warnings.append(f"{name} has no effect: {_REFUSED[name]}")
        elif name in ("readTimeout", "writeTimeout", "read_timeout", "write_timeout"):
            limits_s.append(_duration(name, value))
        elif name == "charset":
            warnings += _charset(value)
        elif name == "collation" and not _COLLATION.fullmatch(value):
            warnings.append(f"collation {value} has no effect: the connection speaks utf8mb4")
        elif name in _READERS:
            key, reader = _READERS[name]
            found[key] = reader(name, value)
        elif name not in _WITHOUT_MEANING:
            variables[_variable(name)] = value
    if positive := [limit_s for limit_s in limits_s if limit_s]:
        found["statement_timeout_s"] = min(positive)
    return Options(**found, variables=variables, warnings=tuple(warnings))  # type: ignore[arg-type]


def _variable(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise DSNError("an option's name is none")
    return name


def _charset(value: str) -> list[str]:
    if any(one.strip() in _UTF8 for one in value.split(",")):
        return []
    return [f"charset {value} has no effect: the connection speaks utf8mb4, the server converts"]


def _text(_name: str, value: str) -> str:
    return value


def _boolean(name: str, value: str) -> bool:
    if value not in (*_TRUE, *_FALSE):
        raise DSNError(f"{name} is neither true nor false")
    return value in _TRUE


def _number(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise DSNError(f"{name} is not a number")
    return int(value)


def _duration(name: str, value: str) -> float:
    """Go's durations (`1m30s`), and plain seconds as SQLAlchemy has them."""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    parts = _PART.findall(value)
    if "".join(number + unit for number, unit in parts) != value or not parts:
        raise DSNError(f"{name} is not a duration like 5s or 1m30s")
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)


def _tls(name: str, value: str) -> str:
    mode = _TLS.get(value.lower(), _TLS["true"] if value in _TRUE else _TLS["false"] if value in _FALSE else "")
    if not mode:
        raise DSNError(
            f"{name} names a configuration that only Go code could register: write tls=true, and set sql_tls_ca_file, "
            "sql_tls_cert_file and sql_tls_key_file"
        )
    return mode


def _zone(_name: str, value: str) -> str:
    if value != "Local":
        try:
            ZoneInfo(value or "UTC")
        except (OSError, ValueError, KeyError):
            raise DSNError("loc is not a time zone like Europe/Paris") from None
    return value or "UTC"


_READERS = {
    "tls": ("tls", _tls),
    "ssl_ca": ("ca_file", _text),
    "ssl_cert": ("cert_file", _text),
    "ssl_key": ("key_file", _text),
    "ssl_check_hostname": ("hostname_verify", _boolean),
    "timeout": ("connect_timeout_s", _duration),
    "connect_timeout": ("connect_timeout_s", _duration),
    "collation": ("collation", _text),
    "parseTime": ("parse_time", _boolean),
    "loc": ("zone", _zone),
    "clientFoundRows": ("found_rows", _boolean),
    "allowNativePasswords": ("native_passwords", _boolean),
    "allowCleartextPasswords": ("cleartext_passwords", _boolean),
    "maxAllowedPacket": ("max_packet_bytes", _number),
}

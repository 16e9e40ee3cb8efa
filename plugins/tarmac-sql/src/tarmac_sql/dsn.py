"""Reads the addresses that Go programs use, so that a configuration of the Go Tarmac works as it is.

Forms: `user:pw@tcp(host:3306)/db?option=value` of go-sql-driver/mysql (README, "DSN"), and the URLs and keywords of lib/pq and
libpq (PostgreSQL's manual, "Connection Strings"). No error shows the address, since it may hold a password.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

_MYSQL_PORT, _POSTGRES_PORT = 3306, 5432
_NETWORK = re.compile(r"(?P<protocol>[^()]*)(?:\((?P<address>.*)\))?", re.DOTALL)
_KEYWORD = re.compile(r"\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)", re.DOTALL)


class DSNError(ValueError):
    """An address that cannot be read; the text says what is wrong without showing it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. `socket` is the path of a unix socket, then host and port mean nothing; `options` are the rest."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    socket: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def read_mysql(dsn: str) -> Address:
    """Read `[user[:password]@][protocol[(address)]]/database[?option=value&...]`; a password may hold any character."""
    # As in go-sql-driver the last slash counts, so that a password may hold one; in options it is written %2F.
    front, slash, back = dsn.rpartition("/")
    if not slash:
        raise DSNError("there is no / before the database's name")
    credentials, _, network = front.rpartition("@")
    user, _, password = credentials.partition(":")
    database, _, options = back.partition("?")
    parts = _NETWORK.fullmatch(network)
    if parts is None:
        raise DSNError("the network address is not of the form protocol(address)")
    protocol, address = parts["protocol"] or "tcp", parts["address"] or ""
    socket = ""
    host, port = "127.0.0.1", _MYSQL_PORT
    if protocol == "unix":
        socket = address or "/tmp/mysql.sock"  # noqa: S108 - go-sql-driver's default
    elif protocol == "tcp":
        host, port = _host_and_port(address, "127.0.0.1", _MYSQL_PORT)
    else:
        raise DSNError(f"the protocol is {protocol}, not tcp or unix")
    return Address(host, port, user, password, unquote(database), socket, _options(options))


def _options(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return {name: unquote_plus(value) for name, _, value in pairs}


def _host_and_port(address: str, host: str, port: int) -> tuple[str, int]:
    if address.startswith("["):
        name, bracket, rest = address[1:].partition("]")
        if not bracket:
            raise DSNError("the IPv6 address has no closing bracket")
        return name, _port(rest.removeprefix(":"), port)
    name, _, digits = address.partition(":")
    return name or host, _port(digits, port)


def _port(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise DSNError("the port is not a number from 1 to 65535")
    return int(text)


def read_postgres(dsn: str) -> Address:
    """Read a URL (`postgres://user:pw@host:5432/db?sslmode=disable`) or keywords (`host=... user=... password='...'`)."""
    found = _postgres_url(dsn) if re.match(r"postgres(ql)?://", dsn) else _keywords(dsn)
    host = found.pop("host", "") or "localhost"
    socket = host if host.startswith("/") else ""
    return Address(
        host="localhost" if socket else host,
        port=_port(found.pop("port", ""), _POSTGRES_PORT),
        user=found.pop("user", ""),
        password=found.pop("password", ""),
        database=found.pop("dbname", ""),
        socket=socket,
        options=found,
    )


def _postgres_url(dsn: str) -> dict[str, str]:
    try:
        parts = urlsplit(dsn)
        host = parts.hostname or ""
    except ValueError:
        raise DSNError("the URL's host cannot be read") from None
    _, _, at = parts.netloc.rpartition("@")
    digits = at.rpartition("]")[2].rpartition(":")[2] if ":" in at.rpartition("]")[2] else ""
    found = {
        "host": unquote(host),
        "port": digits,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": unquote(parts.path.removeprefix("/")),
    }
    return {name: value for name, value in found.items() if value} | dict(
        parse_qsl(parts.query, keep_blank_values=True)
    )


def _keywords(dsn: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position, text = 0, dsn.strip()
    while position < len(text):
        match = _KEYWORD.match(text, position)
        if match is None:
            raise DSNError(f"the keyword after {', '.join(found) or 'the start'} is not of the form name=value")
        found[match[1]] = re.sub(r"\\(.)", r"\1", match[2] if match[2] is not None else match[3], flags=re.DOTALL)
        position = match.end()
    return found

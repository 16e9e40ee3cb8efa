"""What `sql_dsn` says before its question mark: which server. No error shows the address, which may hold a password."""

import re
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

from tarmac_sql.dsn import Address, DSNError, read_mysql

_URL = re.compile(r"(?:mysql|mariadb)(?:\+\w+)?://")
_PORT = 3306


def read(dsn: str) -> Address:
    """Read go-sql-driver's form, or a URL (`mysql://...`, `mysql+asyncmy://...`). Raises `DSNError`."""
    text = dsn.strip()
    if not text:
        raise DSNError("is not set: set it to user:password@tcp(host:3306)/database")
    return _read_url(text) if _URL.match(text) else read_mysql(text)


def _read_url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port or _PORT
    except ValueError:
        raise DSNError("the URL's host or port cannot be read") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    found = Address(
        host=parts.hostname or "127.0.0.1",
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.removeprefix("/")),
        socket=options.pop("unix_socket", ""),
    )
    return replace(found, options=options)


def place(address: Address) -> str:
    """The server in words, for messages."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"sql_dsn {address.socket}" if address.socket else f"sql_dsn {host}:{address.port}"

"""What `sql_dsn` says: which server, and how the driver is to be told. No error shows it, since it may hold a password."""

import os
import re
import ssl
from collections.abc import Collection, Mapping
from typing import Any

from tarmac_sql.dsn import Address, DSNError, read_postgres

_DRIVER = re.compile(r"(postgres(?:ql)?)\+\w+://")
_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TIMEOUT = re.compile(r"\d{1,6}")
# lib/pq's own; they choose between ways to do the same.
_WITHOUT_MEANING = frozenset(("binary_parameters", "disable_prepared_binary_result", "fallback_application_name"))
_KEEPALIVE_INTERVAL_S, _KEEPALIVE_PROBES = 15, 3


def read(dsn: str) -> Address:
    """Read lib/pq's URL or keywords, or SQLAlchemy's URL. Raises `DSNError` with the remedy."""
    text = dsn.strip()
    if not text:
        raise DSNError("is not set: set it to postgres://user:password@host:5432/database")
    address = read_postgres(_DRIVER.sub(r"\1://", text, count=1))
    mode = address.options.get("sslmode", "require")
    if mode not in _TLS_MODES:
        raise DSNError(f"sslmode is {mode}, not one of {', '.join(_TLS_MODES)}")
    if not _TIMEOUT.fullmatch(address.options.get("connect_timeout", "0")):
        raise DSNError("connect_timeout is not a number of seconds")
    if address.options.get("sslinline") == "true":
        raise DSNError("sslinline is not supported: write the certificates into files, sslcert and sslkey name them")
    return address


def place(address: Address) -> str:
    """The server in words, for messages."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"sql_dsn {address.socket or host}:{address.port}"


def connect_options(
    address: Address, *, connect_timeout_s: int, keepalive_s: int, known: Collection[str]
) -> dict[str, Any]:
    """Keywords for libpq. `known` are those it has; like lib/pq, others are run-time parameters of the server."""
    given = {name: value for name, value in address.options.items() if name not in _WITHOUT_MEANING}
    parameters = {name: given.pop(name) for name in list(given) if name not in known}
    options: dict[str, Any] = {
        "host": address.socket or address.host,
        "port": address.port,
        "application_name": "tarmac",
        "connect_timeout": connect_timeout_s,
        # Without it the driver would first ask whether the server speaks Kerberos.
        "gssencmode": "disable",
        **_keepalive(keepalive_s),
        **_login(address),
        **given,
        **_tls(given),
    }
    if parameters:
        options["options"] = " ".join([given.get("options", ""), *map(_parameter, parameters.items())]).strip()
    return {**options, "client_encoding": "UTF8"}


def _login(address: Address) -> dict[str, str]:
    found = {"user": address.user, "password": address.password, "dbname": address.database}
    return {name: value for name, value in found.items() if value}


def _keepalive(idle_s: int) -> dict[str, int]:
    if not idle_s:
        return {"keepalives": 0}
    times = {"keepalives_idle": idle_s, "keepalives_interval": _KEEPALIVE_INTERVAL_S}
    return {"keepalives": 1, **times, "keepalives_count": _KEEPALIVE_PROBES}


def _tls(given: Mapping[str, str]) -> dict[str, str]:
    """Like lib/pq: TLS is required unless the DSN says otherwise, and the system's authorities are trusted."""
    mode = given.get("sslmode") or os.environ.get("PGSSLMODE", "require")
    if not mode.startswith("verify") or given.get("sslrootcert", "system") != "system":
        return {"sslmode": mode}
    # The driver's wheel has an OpenSSL of its own, which does not know where this system keeps them.
    return {"sslmode": mode, "sslrootcert": ssl.get_default_verify_paths().cafile or "system"}


def _parameter(item: tuple[str, str]) -> str:
    name, value = item
    escaped = re.sub(r"([ \\])", r"\\\1", value)
    return f"-c {name}={escaped}"

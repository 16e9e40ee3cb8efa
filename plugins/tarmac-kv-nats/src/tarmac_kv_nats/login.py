"""The driver's arguments to log in with; files are read anew for each connection, since logins are renewed."""

from pathlib import Path
from typing import Any

import nkeys  # type: ignore[import-untyped]
from nats.aio.client import RawCredentials

from tarmac_kv_nats.faults import NatsOpenError
from tarmac_kv_nats.settings import NatsSettings

_CREDENTIALS = ("BEGIN NATS USER JWT", "BEGIN USER NKEY SEED")


def login(settings: NatsSettings) -> dict[str, Any]:
    """What to pass to `connect`. Raises `NatsOpenError` naming the setting whose file cannot be used."""
    if settings.credentials_file:
        return {"user_credentials": RawCredentials(_credentials(settings.credentials_file))}
    if settings.nkey_seed_file:
        return {"nkeys_seed_str": _seed(settings.nkey_seed_file)}
    if settings.user:
        return {"user": settings.user, "password": settings.password.get_secret_value()}
    if token := settings.token.get_secret_value():
        return {"token": token}
    address = settings.addresses[0]
    if address.password is None:
        return {"token": address.user} if address.user else {}
    return {"user": address.user, "password": address.password}


def _credentials(path: str) -> str:
    text = _read("nats_credentials_file", path)
    # The driver would read on for ever.
    if not all(line in text for line in _CREDENTIALS):
        raise NatsOpenError("nats_credentials_file", f"{path} has not both a JWT and a seed of an NKey")
    return text


def _seed(path: str) -> str:
    seed = _read("nats_nkey_seed_file", path).strip()
    try:
        nkeys.from_seed(bytearray(seed.encode())).wipe()
    except (nkeys.NkeysError, ValueError) as error:
        raise NatsOpenError("nats_nkey_seed_file", f"{path} holds no seed of an NKey") from error
    return seed


def _read(key: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise NatsOpenError(key, f"{path} cannot be read: {error}") from error

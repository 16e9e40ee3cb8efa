"""Keys with the prefix `nats_`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from tarmac_core.plugin import PluginSettings, setting
from tarmac_kv_nats.address import Address, parse_address


def _server(text: str) -> str:
    parse_address(text)
    return text


def _servers(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_address(text)
    return texts


class NatsSettings(PluginSettings):
    """Servers of one cluster, one bucket, and one way to log in."""

    url: Annotated[str, AfterValidator(_server)] = setting(
        "nats://localhost:4222", "The server; `tls://` insists on TLS. Beside nats_servers it counts only if it is set."
    )
    servers: Annotated[tuple[str, ...], AfterValidator(_servers)] = setting(
        (), "All servers of a cluster, as in nats_url. They are tried in any order."
    )
    bucket: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$", max_length=200)] = setting(
        "tarmac", "The bucket; it is made if it is missing."
    )
    storage: Literal["file", "memory"] = setting("file", "Where a bucket that is made keeps its data.")
    replicas: int = setting(1, "Copies of a bucket that is made, on as many servers.", ge=1, le=5)
    user: str = setting("", "User name.")
    password: SecretStr = setting(SecretStr(""), "Password of the user.")
    token: SecretStr = setting(SecretStr(""), "Token to log in with, instead of a user.")
    credentials_file: str = setting("", "Credentials file (`.creds`) to log in with: a JWT and its key.")
    nkey_seed_file: str = setting("", "File with the seed of an NKey to log in with.")
    tls: bool = setting(False, "Insist on TLS; without it, TLS is spoken where the server asks for it.")
    tls_ca_file: str = setting("", "PEM file of the authorities to trust, alone; empty trusts the system's.")
    tls_cert_file: str = setting("", "PEM file of the client's certificate, if the server asks for one.")
    tls_key_file: str = setting("", "PEM file of its key; empty is in tls_cert_file.")
    tls_hostname: str = setting("", "Name that the server's certificate must have; empty is the host of its URL.")
    tls_first: bool = setting(False, "Begin with TLS, as a server with `handshake_first` wants it.")
    skip_tls_verify: bool = setting(False, "Take any certificate; the server may then be anyone.")
    connect_timeout: float = setting(5.0, "Longest time to connect to one server and log in.", unit="s", gt=0)
    request_timeout: float = setting(5.0, "Longest time until a request is answered; 0 sets no limit.", unit="s", ge=0)
    drain_timeout: float = setting(1.0, "Longest wait for calls on their way when the store is closed.", unit="s", ge=0)
    ping_interval: float = setting(20.0, "A server that leaves two pings in a row unanswered is left.", unit="s", gt=0)
    reconnect_wait: float = setting(1.0, "Pause between attempts to connect again.", unit="s", gt=0)
    max_reconnects: int = setting(-1, "Attempts in a row to connect again; -1 never gives up.", ge=-1)
    pending_size: int = setting(
        16 << 20, "Calls fail at once while more than this waits to be sent.", unit="bytes", ge=1 << 16
    )

    @model_validator(mode="after")
    def _has_one_login(self) -> "NatsSettings":
        logins = {
            "nats_user": self.user,
            "nats_token": self.token.get_secret_value(),
            "nats_credentials_file": self.credentials_file,
            "nats_nkey_seed_file": self.nkey_seed_file,
        }
        used = [name for name, value in logins.items() if value]
        if len(used) > 1:
            raise ValueError(f"{' and '.join(used)} are set: only one can be")
        if bool(self.user) != bool(self.password.get_secret_value()):
            missing = "nats_password" if self.user else "nats_user"
            raise ValueError(f"{missing} is not set: nats_user and nats_password belong together")
        if len({(address.user, address.password) for address in self.addresses}) > 1:
            raise ValueError("nats_servers hold different logins: set nats_user and nats_password instead")
        if self.tls_key_file and not self.tls_cert_file:
            raise ValueError("nats_tls_cert_file is not set: nats_tls_key_file needs it")
        return self

    @property
    def addresses(self) -> list[Address]:
        """Every server."""
        has_url = not self.servers or "url" in self.model_fields_set
        return [parse_address(text) for text in ([self.url] if has_url else []) + list(self.servers)]

    @property
    def needs_tls(self) -> bool:
        """Whether a connection without TLS must not be used."""
        is_asked_for = self.tls or self.tls_first or bool(self.tls_ca_file or self.tls_cert_file)
        return is_asked_for or any(address.is_tls for address in self.addresses)

    @property
    def place(self) -> str:
        """The servers in words, for messages."""
        name = "nats_servers" if self.servers else "nats_url"
        return f"{name} {', '.join(map(str, self.addresses))}"

"""Keys with the prefix `redis_`."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr, model_validator

from tarmac_core.plugin import PluginSettings, setting
from tarmac_kv_redis.address import REDIS_PORT, SENTINEL_PORT, Address, parse_address


def _server(text: str) -> str:
    if text:
        parse_address(text, REDIS_PORT)
    return text


def _sentinels(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_address(text, SENTINEL_PORT)
    return texts


class RedisSettings(PluginSettings):
    """One server, or sentinels and the name of the primary they watch; never both."""

    server: Annotated[str, AfterValidator(_server)] = setting(
        "", "The server, host:port; the port is 6379 if left out. Without it the sentinels must be named."
    )
    user: str = setting("", "ACL user; empty is the server's default user.")
    password: SecretStr = setting(SecretStr(""), "Password of the user, or of the server (`requirepass`).")
    database: int = setting(0, "Number of the database.", ge=0)
    sentinel_servers: Annotated[tuple[str, ...], AfterValidator(_sentinels)] = setting(
        (), "Sentinels, each host:port; the port is 26379 if left out. They are asked in turn."
    )
    sentinel_master: str = setting("", "Name under which the sentinels watch the primary.")
    sentinel_user: str = setting("", "ACL user at the sentinels.")
    sentinel_password: SecretStr = setting(SecretStr(""), "Password at the sentinels.")
    sentinel_tls: bool = setting(False, "Speak TLS with the sentinels too, with the same files.")
    tls: bool = setting(False, "Speak TLS with the server.")
    tls_ca_file: str = setting("", "PEM file of the authorities to trust, alone; empty trusts the system's.")
    tls_cert_file: str = setting("", "PEM file of the client's certificate, if the server asks for one.")
    tls_key_file: str = setting("", "PEM file of its key; empty is in tls_cert_file.")
    tls_verify: bool = setting(True, "Refuse a server whose certificate no trusted authority signed.")
    hostname_verify: bool = setting(True, "Refuse a certificate of another host name.")
    connect_timeout: float = setting(5.0, "Longest time to connect and log in; 0 sets no limit.", unit="s", ge=0)
    read_timeout: float = setting(5.0, "Longest time until a command is answered; 0 sets no limit.", unit="s", ge=0)
    write_timeout: float = setting(5.0, "Longest time to send a command; 0 sets no limit.", unit="s", ge=0)
    pool_timeout: float = setting(5.0, "Longest wait for a free connection; 0 sets no limit.", unit="s", ge=0)
    max_active: int = setting(64, "Most connections at once; further calls wait. 0 sets no limit.", ge=0)
    keepalive: int = setting(300, "TCP keepalive after this time without traffic; 0 is off.", unit="s", ge=0, le=32_767)

    @model_validator(mode="after")
    def _names_a_server(self) -> "RedisSettings":
        if not self.server and not self.sentinel_servers:
            raise ValueError("redis_server is not set: set it to host:port, or redis_sentinel_servers")
        if self.server and self.sentinel_servers:
            raise ValueError("redis_server and redis_sentinel_servers are both set: only one can be")
        if self.sentinel_servers and not self.sentinel_master:
            raise ValueError("redis_sentinel_master is not set: with redis_sentinel_servers it names the primary")
        return self

    @model_validator(mode="after")
    def _has_what_it_logs_in_with(self) -> "RedisSettings":
        if self.user and not self.password.get_secret_value():
            raise ValueError("redis_password is not set: redis_user needs it")
        if self.sentinel_user and not self.sentinel_password.get_secret_value():
            raise ValueError("redis_sentinel_password is not set: redis_sentinel_user needs it")
        if self.tls_key_file and not self.tls_cert_file:
            raise ValueError("redis_tls_cert_file is not set: redis_tls_key_file needs it")
        has_tls = self.tls or self.sentinel_tls
        if (self.tls_ca_file or self.tls_cert_file) and not has_tls:
            raise ValueError("redis_tls is not set: without it the certificate files have no effect")
        return self

    @property
    def address(self) -> Address:
        """Where the single server is."""
        return parse_address(self.server, REDIS_PORT)

    @property
    def sentinel_addresses(self) -> list[Address]:
        """Where the sentinels are."""
        return [parse_address(text, SENTINEL_PORT) for text in self.sentinel_servers]

    @property
    def place(self) -> str:
        """The server in words, for messages."""
        if self.server:
            return f"redis_server {self.address}"
        sentinels = ", ".join(map(str, self.sentinel_addresses))
        return f"redis_sentinel_master {self.sentinel_master} (redis_sentinel_servers {sentinels})"

"""Keys with the prefix `consul_`."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr, model_validator

from tarmac_config_consul.address import Address, parse_address
from tarmac_core.plugin import PluginSettings, setting


def _address(text: str) -> str:
    parse_address(text, tls=False)
    return text.strip()


def _key(text: str) -> str:
    key = text.strip().removeprefix("/")
    if not key:
        raise ValueError("is empty: name the key that holds the settings")
    if any(part in {"", ".", ".."} for part in key.removesuffix("/").split("/")):
        raise ValueError("has an empty part, . or .. between slashes, which Consul's HTTP API cannot be asked for")
    return key


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("is no token: it must be printable ASCII without spaces")
    return token


class ConsulSettings(PluginSettings):
    """Where the settings are; what is left out is taken from the variables of Consul's own clients (`environment`)."""

    addr: Annotated[str, AfterValidator(_address)] = setting(
        ...,
        "Consul: host:port, http://host, https://host or unix:///path; the port is 8500 (8501 with TLS) if left out.",
    )
    keys_prefix: Annotated[str, AfterValidator(_key)] = setting(
        ..., "The one key whose value is a JSON object of settings."
    )
    token: Annotated[SecretStr, AfterValidator(_token)] = setting(
        SecretStr(""), "ACL token that may read the key; else CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE."
    )
    datacenter: str = setting("", "Data centre to ask; empty is the agent's own.")
    namespace: str = setting("", "Namespace of the key (Consul Enterprise); else CONSUL_NAMESPACE.")
    tls: bool = setting(False, "Speak TLS, as https:// does; else CONSUL_HTTP_SSL.")
    tls_ca_file: str = setting(
        "", "PEM file of the authorities to trust, alone; else CONSUL_CACERT; empty trusts the system's."
    )
    tls_cert_file: str = setting("", "PEM file of the client's certificate; else CONSUL_CLIENT_CERT.")
    tls_key_file: str = setting("", "PEM file of its key; else CONSUL_CLIENT_KEY; empty is in tls_cert_file.")
    tls_server_name: str = setting(
        "", "Name that the server's certificate must have; else CONSUL_TLS_SERVER_NAME; empty is the host of addr."
    )
    tls_verify: bool = setting(True, "Refuse a server whose certificate is not trusted; else CONSUL_HTTP_SSL_VERIFY.")
    timeout: float = setting(5.0, "Longest time to connect and to be answered.", unit="s", gt=0, le=3600)
    watch_interval: int = setting(
        15,
        "Longest time that Consul's silence or return goes unnoticed; changes come at once. 0 follows no changes.",
        unit="s",
        ge=0,
        le=600,
        aliases=("config_watch_interval",),
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "ConsulSettings":
        parse_address(self.addr, tls=self.tls)
        if self.tls_key_file and not self.tls_cert_file:
            raise ValueError("consul_tls_cert_file is not set: consul_tls_key_file needs it")
        is_used = self.address.scheme == "https"
        if not is_used and (self.tls_ca_file or self.tls_cert_file or self.tls_server_name):
            raise ValueError(
                "consul_tls is not set: without it, or https:// in consul_addr, the consul_tls_* have no effect"
            )
        return self

    @property
    def address(self) -> Address:
        """Where Consul is."""
        return parse_address(self.addr, tls=self.tls)

    @property
    def place(self) -> str:
        """Server and key in words: the source of every value, and the subject of every message."""
        return f"{self.addr} {self.keys_prefix}"

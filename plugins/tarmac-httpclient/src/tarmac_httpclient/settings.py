"""Keys with the prefix `httpclient_`."""

from pydantic import SecretStr, field_validator

from tarmac_core.plugin import PluginSettings, setting
from tarmac_httpclient.hosts import HostPattern

DEFAULT_MAX_RESPONSE_BYTES = 10_485_760


class HTTPClientSettings(PluginSettings):
    """How functions reach the network."""

    timeout_s: float = setting(
        30.0,
        "Longest time of one call with redirects and body; the function's own limit may be shorter.",
        unit="s",
        gt=0,
    )
    max_response_bytes: int = setting(
        DEFAULT_MAX_RESPONSE_BYTES,
        "Longer bodies are cut here and marked `truncated`; 0 and less is the default.",
        unit="bytes",
        aliases=("http_client_max_response_body_size",),
    )
    allow_private: bool = setting(
        True,
        "Lets functions reach private and loopback addresses, unless a grant forbids it; false closes them for all.",
    )
    proxy: SecretStr = setting(SecretStr(""), "URL of a proxy, http://user:password@host:port; empty for none.")
    no_proxy: tuple[str, ...] = setting((), "Hosts that are reached without the proxy, written as in a grant.")
    ca_file: str = setting("", "PEM file of certificate authorities that are trusted besides the system's.")
    user_agent: str = setting("Go-http-client/1.1", "User-Agent of requests that have none of their own.")
    max_connections: int = setting(1000, "Open connections at most; further calls wait. 0 sets no limit.", ge=0)
    idle_timeout_s: float = setting(15.0, "How long an unused connection is kept for reuse.", unit="s", gt=0)
    dns_cache_s: float = setting(
        10.0, "How long the addresses of a name are kept; 0 looks up each time.", unit="s", ge=0
    )

    @field_validator("max_response_bytes")
    @classmethod
    def _default_for_none(cls, value: int) -> int:
        return value if value > 0 else DEFAULT_MAX_RESPONSE_BYTES

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: SecretStr) -> SecretStr:
        scheme, separator, rest = value.get_secret_value().partition("://")
        if value.get_secret_value() and (scheme not in ("http", "https") or not separator or not rest):
            raise ValueError("is not a URL of the form http://host:port")
        return value

    @field_validator("no_proxy")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            HostPattern.read(text)
        return value

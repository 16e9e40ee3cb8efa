"""The variables that every client of Consul reads, for what the settings leave out.

CONSUL_HTTP_ADDR is not among them: `consul_addr` is required, and wins wherever both are read.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from tarmac_config_consul.faults import ConsulRefusalError
from tarmac_config_consul.settings import ConsulSettings

VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "token": "CONSUL_HTTP_TOKEN",
        "namespace": "CONSUL_NAMESPACE",
        "tls": "CONSUL_HTTP_SSL",
        "tls_ca_file": "CONSUL_CACERT",
        "tls_cert_file": "CONSUL_CLIENT_CERT",
        "tls_key_file": "CONSUL_CLIENT_KEY",
        "tls_server_name": "CONSUL_TLS_SERVER_NAME",
        "tls_verify": "CONSUL_HTTP_SSL_VERIFY",
    }
)
TOKEN_FILE = "CONSUL_HTTP_TOKEN_FILE"  # noqa: S105 - a variable's name


def completed(settings: ConsulSettings, environ: Mapping[str, str]) -> ConsulSettings:
    """The settings, and from the variables what they do not set. Raises `ConsulRefusalError` naming a wrong variable.

    Those about TLS count only where TLS is spoken: a machine may set them for others.
    """
    found = {field: environ[name] for field, name in VARIABLES.items() if environ.get(name)}
    if environ.get(TOKEN_FILE):
        found["token"] = _content(environ[TOKEN_FILE])
    whole = _with(settings, {name: text for name, text in found.items() if not name.startswith("tls_")})
    return _with(whole, found) if whole.address.scheme == "https" else whole


def _with(settings: ConsulSettings, found: Mapping[str, str]) -> ConsulSettings:
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    try:
        return ConsulSettings.model_validate({**found, **given})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        fields = [str(place) for place in first["loc"]] or sorted(set(found) - set(given))
        names = ", ".join(VARIABLES.get(field, field) for field in fields)
        raise ConsulRefusalError(f"{names}: {first['msg']}") from None


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConsulRefusalError(f"{TOKEN_FILE}: {path} cannot be read: {error}") from error

"""TLS contexts from PEM files, and noticing that the files have changed."""

import ssl
from pathlib import Path

from tarmac_core.http.settings import TlsError, TlsFiles

_PAIR = "unable to configure HTTPS server with certificate and key - "
_AUTHORITY = "unable to configure HTTPS server with provided client certificate authority - "

# For TLS 1.2 what the original accepts: forward secrecy and authenticated encryption only. TLS 1.3 has its own.
_TLS12_CIPHERS = ":".join(
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    )
)
_SHORT_NAMES = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
    "serialNumber": "SERIALNUMBER",
    "postalCode": "POSTALCODE",
}

Stamp = tuple[tuple[int, int, int] | None, ...]


def load_context(files: TlsFiles) -> ssl.SSLContext:
    """A server's context; raises `TlsError`, which names the file at fault. Reads the files at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    _load_pair(context, files.cert_file, files.key_file)
    if files.ca_file is not None:
        _load_authority(context, files.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL if files.ignore_client_cert else ssl.CERT_REQUIRED
    return context


def stamp_of(files: TlsFiles) -> Stamp:
    """What changes when a file is written, replaced or linked anew."""
    return tuple(_stamp(file) for file in files.all())


def subject_of(peer: ssl.SSLSocket) -> str:
    """The verified client certificate's subject as RFC 4514 text (`CN=app,O=Acme`); empty without one."""
    certificate = peer.getpeercert() or {}
    names = certificate.get("subject", ())
    parts = ["+".join(_attribute(str(pair[0]), str(pair[1])) for pair in name) for name in reversed(names)]
    return ",".join(parts)


def _load_pair(context: ssl.SSLContext, cert_file: Path | None, key_file: Path | None) -> None:
    if cert_file is None or key_file is None:
        raise TlsError(f"{_PAIR}cert and key cannot be empty")
    for file in (cert_file, key_file):
        _read(file, f"{_PAIR}unable to load keypair")
    try:
        context.load_cert_chain(cert_file, key_file, password=_refuse_password)
    except (ssl.SSLError, ValueError) as error:
        reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else str(error)
        raise TlsError(f"{_PAIR}unable to load keypair - {cert_file}, {key_file}: {_words(reason)}") from error


def _load_authority(context: ssl.SSLContext, ca_file: Path) -> None:
    pem = _read(ca_file, f"{_AUTHORITY}unable to read ca file")
    try:
        context.load_verify_locations(cadata=pem.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError) as error:
        raise TlsError(f"{_AUTHORITY}unable to load ca certificate: invalid PEM - {ca_file}") from error


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TlsError(f"{what} - {file}: {error.strerror}") from error


def _refuse_password() -> str:
    # Without this OpenSSL asks on the terminal and the start hangs.
    raise ValueError("the key is encrypted: give one without a passphrase")


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower() if reason.isupper() else reason


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _attribute(name: str, value: str) -> str:
    escaped = "".join("\\" + character if character in ',+"\\<>;=' else character for character in value)
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    if escaped.endswith(" ") and len(escaped) > 1:
        escaped = escaped[:-1] + "\\ "
    return f"{_SHORT_NAMES.get(name, name)}={escaped}"

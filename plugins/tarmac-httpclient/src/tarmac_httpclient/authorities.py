"""Whose certificates are believed."""

import ssl

from tarmac_core.plugin import OpenError


def verifying(ca_file: str) -> ssl.SSLContext:
    """The system's authorities, and those of `ca_file` where it is not empty; OpenError when it holds none."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            what = f"httpclient_ca_file {ca_file}: holds no certificates that can be read: {error}"
            raise OpenError(f"{what} (mend the path or the file)") from error
    return context

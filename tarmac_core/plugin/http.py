"""HTTP as plain objects, so that nothing behind the server knows which library reads the sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its body read completely.

    `path` is decoded; `route` is the pattern that matched and `parameters` its values; `query` keeps order and repeats;
    header names are lower case; `tls_subject` is the verified client certificate's subject or empty.
    """

    method: str
    path: str
    body: bytes = b""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    route: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    remote_address: str = ""
    tls_subject: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; a name may repeat in `headers`. Without a Content-Type the server sniffs one from the body."""

    code: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

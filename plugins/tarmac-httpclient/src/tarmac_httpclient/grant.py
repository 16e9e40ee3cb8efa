"""What a function's `grants` say about httpclient."""

import re
from functools import cached_property

from pydantic import Field, field_validator

from tarmac_core.plugin import GrantModel
from tarmac_httpclient.hosts import HostPattern

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class HTTPClientGrant(GrantModel):
    """`{"hosts": ["api.example.com", "*.example.org:8443"], "methods": ["GET"], "private": false, "insecure": false}`."""

    hosts: tuple[str, ...] = Field(
        description="Hosts the function may reach: a name, `*.example.com` for all names below it, an address, or `*` for "
        "all; each with a port, or without one for every port."
    )
    methods: tuple[str, ...] = Field((), description="Methods it may use; empty for every method.")
    private: bool = Field(False, description="Lets it reach private and loopback addresses.")
    insecure: bool = Field(False, description="Lets it ask for any certificate to be accepted.")

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            HostPattern.read(text)
        return value

    @field_validator("methods")
    @classmethod
    def _are_methods(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if not _TOKEN.fullmatch(text):
                raise ValueError(f"{text!r} is not a method")
        return tuple(text.upper() for text in value)

    @cached_property
    def patterns(self) -> tuple[HostPattern, ...]:
        """The hosts, ready for comparison."""
        return tuple(HostPattern.read(text) for text in self.hosts)

"""What a function's `grants` say about sql, and how a call is measured against it."""

from pydantic import Field

from tarmac_core.plugin import Call, HostCallError, StoreGrant


class SQLGrant(StoreGrant):
    """`{"stores": ["default"], "read_only": false}`."""

    read_only: bool = Field(False, description="Refuses `exec`, and in `query` whatever would change something.")


def may_only_read(call: Call) -> bool:
    """Whether the calling function's grant lets it change nothing."""
    return isinstance(call.grant, SQLGrant) and call.grant.read_only


def denied() -> HostCallError:
    """The answer to what the grant forbids."""
    return HostCallError(403, "not granted: the database may only be read (grants.sql.read_only)")

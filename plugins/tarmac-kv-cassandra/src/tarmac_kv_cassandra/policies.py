"""What the driver decides by itself: which node is asked, what is asked again, when a lost node is tried."""

from typing import Any

from cassandra.policies import (
    DCAwareRoundRobinPolicy,
    ExponentialReconnectionPolicy,
    LoadBalancingPolicy,
    ReconnectionPolicy,
    RetryPolicy,
    TokenAwarePolicy,
)

_FIRST_RECONNECT_S = 0.2
_LAST_RECONNECT_S = 5.0


class RetryReads(RetryPolicy):  # type: ignore[misc]
    """Reads are asked once more, of the next node; writes never: whether they were done is not known."""

    def on_read_timeout(self, query: Any, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        """Too few replicas answered the node in time."""
        return self._once_if_read(query, retry_num)

    def on_write_timeout(self, query: Any, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        """Too few replicas acknowledged in time."""
        return self._once_if_read(query, retry_num)

    def on_unavailable(self, query: Any, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        """Too few replicas are alive."""
        return self._once_if_read(query, retry_num)

    def on_request_error(self, query: Any, *_: Any, retry_num: int, **__: Any) -> tuple[int, None]:
        """The node failed, or the connection to it."""
        return self._once_if_read(query, retry_num)

    def _once_if_read(self, query: Any, retry_num: int) -> tuple[int, None]:
        is_repeated = query.is_idempotent and retry_num == 0
        return (self.RETRY_NEXT_HOST if is_repeated else self.RETHROW), None


def load_balancing(local_dc: str) -> LoadBalancingPolicy:
    """Always the same replica of a key while it is up: its clock alone orders the key's writes, `cas` included."""
    return TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc), shuffle_replicas=False)


def reconnection() -> ReconnectionPolicy:
    """Again and again, without end; the driver's own gives up."""
    return ExponentialReconnectionPolicy(_FIRST_RECONNECT_S, _LAST_RECONNECT_S, max_attempts=None)

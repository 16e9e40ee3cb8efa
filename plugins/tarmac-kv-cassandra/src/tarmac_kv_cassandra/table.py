"""Keyspace and table: found, or made; and the statements on them. All of it blocks, and runs in a thread."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from cassandra import AlreadyExists, InvalidRequest, Unauthorized
from cassandra.cluster import ResultSet, Session
from cassandra.protocol import ErrorMessage
from cassandra.query import PreparedStatement
from tarmac_kv import KVError

from tarmac_kv_cassandra.faults import FAILURES, CassandraOpenError, cause_of, in_words
from tarmac_kv_cassandra.settings import CassandraSettings

_SHAPE = {"data": ("regular", "blob")}
_KEY_TYPES = ("blob", "text")
_SETTLING_S = 3.0
_LOOK_AGAIN_S = 0.1
_UNSETTLED = (InvalidRequest, AlreadyExists, ErrorMessage)
_Ask = Callable[..., ResultSet]


@dataclass(frozen=True, slots=True)
class Table:
    """The statements, prepared; `has_text_keys` is true for a table of the original, whose keys are UTF-8."""

    has_text_keys: bool
    get: PreparedStatement
    set: PreparedStatement
    delete: PreparedStatement
    swap: PreparedStatement
    swap_for_nothing: PreparedStatement
    keys_behind: PreparedStatement

    def stored(self, key: bytes) -> bytes | str:
        """The key as the driver takes it. Raises KVError for one that such a table cannot hold."""
        if not self.has_text_keys:
            return key
        try:
            return key.decode()
        except UnicodeDecodeError:
            raise KVError("the store takes only keys in UTF-8: its table has keys of the type text") from None

    def original(self, stored: Any) -> bytes:
        """The key as it was before `stored`."""
        key: bytes = stored.encode() if self.has_text_keys else stored
        return key


def find_or_make(session: Session, settings: CassandraSettings) -> Table:
    """Look for the table, make it and its keyspace if they are missing, prepare the statements.

    Raises `CassandraOpenError` for a table of another shape and for what the user may not do, else what the driver raises.
    """
    end_s = time.monotonic() + _SETTLING_S
    while True:
        try:
            return _found_or_made(session, settings)
        except FAILURES as error:
            # A node shows a table that another server makes a little before it can be used.
            if not isinstance(cause_of(error), _UNSETTLED) or time.monotonic() > end_s:
                raise
        time.sleep(_LOOK_AGAIN_S)


def _found_or_made(session: Session, settings: CassandraSettings) -> Table:
    # One node for all of it: others may learn of what was made a little later.
    ask = partial(session.execute, host=session.cluster.get_control_connection_host())
    where = f"cassandra_keyspace {settings.keyspace}, cassandra_table {settings.table}"
    columns = _columns(ask, settings)
    if not columns:
        try:
            _make(ask, settings)
        except Unauthorized as error:
            raise CassandraOpenError(where, f"is missing, and {in_words(error, settings)}") from error
        columns = _columns(ask, settings)
    key = columns.pop("key", ("", ""))
    if key[0] != "partition_key" or key[1] not in _KEY_TYPES or columns != _SHAPE:
        wanted = "a table (key blob PRIMARY KEY, data blob) is needed, name another one or none that exists"
        raise CassandraOpenError(where, f"the table has another shape: {wanted}")
    return _prepared(session, f'"{settings.keyspace}"."{settings.table}"', has_text_keys=key[1] == "text")


def _columns(ask: _Ask, settings: CassandraSettings) -> dict[str, tuple[str, str]]:
    """Kind and type of each column; nothing if the table is missing."""
    query = "SELECT column_name, kind, type FROM system_schema.columns WHERE keyspace_name = %s AND table_name = %s"
    return {name: (kind, type_) for name, kind, type_ in ask(query, (settings.keyspace, settings.table))}


def _make(ask: _Ask, settings: CassandraSettings) -> None:
    """Several servers may do this at once."""
    query = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = %s"
    if not ask(query, (settings.keyspace,)).one():
        replication = f"{{'class': '{settings.repl_strategy}', 'replication_factor': {settings.replicas}}}"
        ask(f'CREATE KEYSPACE IF NOT EXISTS "{settings.keyspace}" WITH replication = {replication}')
    columns = "(key blob PRIMARY KEY, data blob)"
    ask(f'CREATE TABLE IF NOT EXISTS "{settings.keyspace}"."{settings.table}" {columns}')


def _prepared(session: Session, name: str, *, has_text_keys: bool) -> Table:
    def prepare(text: str, *, is_read: bool = False) -> Any:
        statement = session.prepare(text)
        statement.is_idempotent = is_read
        return statement

    # UPDATE and not INSERT, which would leave a row without a value when the value's time has come.
    return Table(
        has_text_keys=has_text_keys,
        get=prepare(f"SELECT data FROM {name} WHERE key = ?", is_read=True),  # noqa: S608 - the settings check names
        set=prepare(f"UPDATE {name} USING TTL ? SET data = ? WHERE key = ?"),  # noqa: S608
        delete=prepare(f"DELETE FROM {name} WHERE key = ?"),  # noqa: S608
        swap=prepare(f"UPDATE {name} USING TTL ? SET data = ? WHERE key = ? IF data = ?"),  # noqa: S608
        swap_for_nothing=prepare(f"DELETE FROM {name} WHERE key = ? IF data = ?"),  # noqa: S608
        keys_behind=prepare(f"SELECT key, token(key) FROM {name} WHERE token(key) > ?", is_read=True),  # noqa: S608
    )

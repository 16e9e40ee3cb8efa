"""The host calls `query` and `exec`: decode, check, ask the database, put failures into the original's words."""

from collections.abc import Mapping

from tarmac_core.plugin import Call, Encode, HostCallError, Operation, Operations
from tarmac_sql.backend import ConversionError, Done, ReadOnlyError, Rows, SQLBackend, SQLError
from tarmac_sql.grants import denied, may_only_read
from tarmac_sql.requests import Request


def sql_operations(stores: Mapping[str, SQLBackend]) -> Operations:
    """The capability's operations on `stores`; core has checked that a call's store is one of them."""
    handlers = _Handlers(stores)
    return {"query": Operation(_read_query, handlers.query), "exec": Operation(_read_exec, handlers.exec)}


# protobuf is loaded by the first call: a start does not wait for it.


def _read_query(payload: bytes) -> tuple[Request, Encode[Rows]]:
    from tarmac_sql.wire import read_query  # noqa: PLC0415

    return read_query(payload)


def _read_exec(payload: bytes) -> tuple[Request, Encode[Done]]:
    from tarmac_sql.wire import read_exec  # noqa: PLC0415

    return read_exec(payload)


class _Handlers:
    def __init__(self, stores: Mapping[str, SQLBackend]) -> None:
        self._stores = stores

    async def query(self, call: Call, request: Request) -> Rows:
        only_reads = may_only_read(call)
        statement = request.statement()
        try:
            return await self._stores[call.store].query(statement, read_only=only_reads)
        except ReadOnlyError as error:
            raise denied() if only_reads else _refused(error) from error
        except ConversionError as error:
            raise HostCallError(500, f"Unable to convert query results to JSON - {error}") from error
        except SQLError as error:
            raise HostCallError(500, f"Unable to execute query - unable to execute query - {error}") from error

    async def exec(self, call: Call, request: Request) -> Done:
        statement = request.statement()
        if may_only_read(call):
            raise denied()
        try:
            return await self._stores[call.store].exec(statement)
        except ReadOnlyError as error:
            raise _refused(error) from error
        except SQLError as error:
            raise HostCallError(500, f"Unable to execute query - {error}") from error


def _refused(error: ReadOnlyError) -> HostCallError:
    return HostCallError(403, f"Unable to execute query - {error}")

"""Opened stores, as core opens them, on files in the test's folder."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tarmac_kv_lmdb.plugin import LmdbSettings, open_lmdb
from tarmac_kv_lmdb.store import LmdbKV

from tarmac_core.plugin import Context
from tarmac_core.testing import Records

OpenLmdb: TypeAlias = Callable[..., AbstractAsyncContextManager[LmdbKV]]


@pytest.fixture
def records() -> Records:
    """What the store logs."""
    return Records()


@pytest.fixture
def open_with(tmp_path: Path, records: Records) -> OpenLmdb:
    """Opens a store with the settings given; its file is `tmp_path / "tarmac.db"` unless they say otherwise."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[LmdbKV]:
        context = Context(
            log=records.log("kvstore.lmdb"),
            invoke=records.invoke,
            observe=records.events.append,
            data_dir=tmp_path,
            clock=asyncio.get_running_loop().time,
        )
        async with open_lmdb(LmdbSettings.model_validate(settings), context) as store:
            assert isinstance(store, LmdbKV)
            yield store

    return opened

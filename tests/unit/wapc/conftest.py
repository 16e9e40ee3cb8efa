"""An engine for each test, with one folder of compiled modules for all."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tarmac_core.wapc import Engine, EngineSettings, Guest, GuestLimits
from tests.unit.wapc.guests import zoo

MIB = 1 << 20
Load = Callable[..., Guest]


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def engine(cache_dir: Path) -> Iterator[Engine]:
    """Closed at the end, when nothing may be alive any more."""
    with Engine(EngineSettings(cache_dir=cache_dir)) as engine:
        yield engine
    assert engine._host.runtime.live == 0
    assert engine._host.runtime.waiting == 0
    assert len(engine._host.live) == 0


@pytest.fixture
def lines() -> list[tuple[str, str]]:
    """What guests of `load` wrote: stream and line."""
    return []


@pytest.fixture
def load(engine: Engine, lines: list[tuple[str, str]]) -> Load:
    """`load(wasm=zoo(), **limits) -> Guest`"""

    def load(wasm: bytes | None = None, **limits: object) -> Guest:
        settings = GuestLimits(**limits)  # type: ignore[arg-type]
        return engine.load("zoo", wasm or zoo(), settings, log=lambda *line: lines.append(line))

    return load


def reverse(_binding: bytes, _namespace: bytes, _operation: bytes, payload: bytes) -> bytes:
    """A host call's handler that answers at once."""
    return payload[::-1]


async def reverse_later(_binding: bytes, _namespace: bytes, _operation: bytes, payload: bytes) -> bytes:
    """A host call's handler that waits a little."""
    await asyncio.sleep(0.001)
    return payload[::-1]


def never(*_: bytes) -> bytes:
    """A host call's handler for guests that make none."""
    raise AssertionError("this guest makes no host call")

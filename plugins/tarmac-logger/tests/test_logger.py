"""The logger's operations, as a guest calls them."""

import subprocess
import sys
from typing import Any

import pytest
from tarmac_logger import LoggerPlugin
from tarmac_logger.plugin import open_logger

from tarmac_core.plugin import HostCallError, PluginSettings

LEVELS = {"trace": 5, "debug": 10, "info": 20, "warn": 30, "error": 40}


async def write(world: Any, call: Any, operation: str, payload: bytes) -> bytes:
    async with open_logger(PluginSettings(), {}, world.context()) as operations:
        request, encode = operations[operation].decode(payload)
        return encode(operations[operation].handler(call, request))


@pytest.mark.parametrize(("operation", "level"), LEVELS.items())
async def test_each_operation_writes_one_line_of_its_level_and_answers_nothing(
    world: Any, guest_call: Any, operation: str, level: int
) -> None:
    assert await write(world, guest_call(), operation, b"hello") == b""
    assert world.lines == [(level, "hello", {"function": "caller", "service": "shop", "request_id": "r-1"})]


async def test_there_are_five_operations(world: Any) -> None:
    async with open_logger(PluginSettings(), {}, world.context()) as operations:
        assert set(operations) == set(LEVELS)


@pytest.mark.parametrize(
    ("payload", "text"), [(b"", ""), (b"\xff\xfeok", "��ok"), (b"100 %s %d", "100 %s %d"), (b"a\x00b\nc", "a\x00b\nc")]
)
async def test_no_payload_fails(world: Any, guest_call: Any, payload: bytes, text: str) -> None:
    assert await write(world, guest_call(), "warn", payload) == b""
    assert [line[1] for line in world.lines] == [text]


async def test_a_level_that_is_off_writes_nothing(world: Any, guest_call: Any) -> None:
    world.logger.setLevel(20)
    assert await write(world, guest_call(), "debug", b"hello") == b""
    assert world.lines == []


async def test_a_failure_of_the_host_has_an_empty_payload(world: Any) -> None:
    async with open_logger(PluginSettings(), {}, world.context()) as operations:
        _, encode = operations["info"].decode(b"hello")
        assert encode(HostCallError(500, "internal error")) == b""


def test_guests_of_both_generations_find_it_and_no_grant_is_needed() -> None:
    (spec,) = LoggerPlugin().tarmac_capabilities(PluginSettings())
    assert (spec.name, spec.aliases, spec.ignores_case, spec.grant_model) == ("logger", ("logging",), True, None)
    assert LoggerPlugin().tarmac_plugin_info().name == "logger"


def test_importing_it_imports_the_contract_alone() -> None:
    code = "import sys, tarmac_logger; print(*sorted(n for n in sys.modules if n.startswith('tarmac_core.')))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name.split(".")[1] for name in output.split()} == {"plugin"}

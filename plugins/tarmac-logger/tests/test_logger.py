"""The logger's operations, as a guest calls them."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from tarmac_logger import LoggerPlugin

from tarmac_core.plugin import HostCallError, PluginSettings
from tarmac_core.testing import Answer, PluginHarness

Make = Callable[..., PluginHarness]
LEVELS = {"trace": 5, "debug": 10, "info": 20, "warn": 30, "error": 40}


async def write(plugin: PluginHarness, operation: str, payload: bytes) -> Answer:
    return await (await plugin.capability()).call(operation, payload)


def lines(plugin: PluginHarness) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage()) for record in plugin.records.logged]


@pytest.mark.parametrize(("operation", "level"), LEVELS.items())
async def test_each_operation_writes_one_line_of_its_level_and_answers_nothing(
    tarmac_plugin: Make, operation: str, level: int
) -> None:
    async with tarmac_plugin(LoggerPlugin) as plugin:
        assert await write(plugin, operation, b"hello") == Answer(b"")
    assert lines(plugin) == [(level, "hello")]


@pytest.mark.parametrize("operation", ["Info", "INFO", "info"])
async def test_operations_may_be_written_in_any_case(tarmac_plugin: Make, operation: str) -> None:
    async with tarmac_plugin(LoggerPlugin) as plugin:
        assert (await write(plugin, operation, b"hello")).is_ok
    assert lines(plugin) == [(20, "hello")]


async def test_there_are_five_operations(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(LoggerPlugin) as plugin:
        assert set((await plugin.capability()).operations) == set(LEVELS)


@pytest.mark.parametrize(
    ("payload", "text"),
    [(b"", ""), (b"\xff\xfeok", "\ufffd\ufffdok"), (b"100 %s %d", "100 %s %d"), (b"a\x00b\nc", "a\x00b\nc")],
)
async def test_no_payload_fails(tarmac_plugin: Make, payload: bytes, text: str) -> None:
    async with tarmac_plugin(LoggerPlugin) as plugin:
        assert await write(plugin, "warn", payload) == Answer(b"")
    assert lines(plugin) == [(30, text)]


async def test_a_text_too_long_for_a_line_is_cut_and_says_its_length(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(LoggerPlugin) as plugin:
        for length in (65_536, 1 << 20):
            assert await write(plugin, "info", b"x" * length) == Answer(b"")
    assert lines(plugin) == [(20, "x" * 65_536), (20, "x" * 65_536 + "... (1048576 bytes)")]


async def test_a_level_that_is_off_writes_nothing(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(LoggerPlugin) as plugin:
        plugin.log.logger.setLevel(20)
        assert (await write(plugin, "debug", b"hello")).is_ok
    assert lines(plugin) == []


async def test_a_failure_of_the_host_has_an_empty_payload(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(LoggerPlugin) as plugin:
        _, encode = (await plugin.capability()).operations["info"].decode(b"hello")
        assert encode(HostCallError(500, "internal error")) == b""


def test_guests_of_both_generations_find_it_and_no_grant_is_needed() -> None:
    (spec,) = LoggerPlugin().tarmac_capabilities(PluginSettings())
    assert (spec.name, spec.aliases, spec.ignores_case, spec.grant_model) == ("logger", ("logging",), True, None)
    assert LoggerPlugin().tarmac_plugin_info().name == "logger"


def test_importing_it_imports_the_contract_alone() -> None:
    code = "import sys, tarmac_logger; print(*sorted(n for n in sys.modules if n.startswith('tarmac_core.')))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name.split(".")[1] for name in output.split()} == {"plugin"}

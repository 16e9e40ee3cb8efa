"""Calls from function to function, as a guest makes them."""

import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
from pydantic import ValidationError
from tarmac_function import FunctionGrant, FunctionPlugin

from tarmac_core.plugin import HostCallError, InvocationError, PluginSettings
from tarmac_core.testing import Answer, Capability, PluginHarness

Make = Callable[..., PluginHarness]
ROUTES = [{"function": "lookup"}, {"function": "load"}, {"function": "lookup"}]


async def opened(plugin: PluginHarness, answer: Callable[[str, bytes], bytes] | None = None) -> Capability:
    plugin.records.answer = answer or (lambda function, payload: payload)
    return await plugin.capability(routes=ROUTES)


async def test_the_callee_gets_the_payload_and_its_answer_comes_back(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        capability = await opened(plugin, lambda function, payload: function.encode() + b":" + payload)
        assert await capability.call("lookup", b"\x00\xff") == Answer(b"lookup:\x00\xff")
    (invoked,) = plugin.records.invoked
    assert (invoked.function, invoked.payload, invoked.origin) == ("lookup", b"\x00\xff", "function")


async def test_the_callee_inherits_from_the_callers_call(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        await (await opened(plugin)).call("lookup", b"", function="caller", request_id="r-1")
    parent = plugin.records.invoked[0].parent
    assert parent is not None
    assert (parent.function, parent.request_id) == ("caller", "r-1")


async def test_a_call_is_a_debug_line(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        await (await opened(plugin)).call("lookup", b"")
    (record,) = plugin.records.logged
    assert (record.levelno, record.getMessage()) == (logging.DEBUG, "Executing Function to Function callback")
    assert record.__dict__["fields"]["callee"] == "lookup"


async def test_a_call_writes_nothing_where_debug_is_off(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        plugin.log.logger.setLevel(logging.INFO)
        assert (await (await opened(plugin)).call("lookup", b"x")).is_ok
    assert plugin.records.logged == []


async def test_every_routed_function_is_an_operation_once_and_nothing_else_is(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        assert list((await opened(plugin)).operations) == ["lookup", "load"]


async def test_without_routes_there_are_no_operations(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        assert (await plugin.capability()).operations == {}


async def test_the_callees_failure_reaches_the_caller_in_its_words(tarmac_plugin: Make) -> None:
    def fail(function: str, payload: bytes) -> bytes:
        raise InvocationError("guest", "failed to execute wasm module - no such airport")

    async with tarmac_plugin(FunctionPlugin) as plugin:
        answer = await (await opened(plugin, fail)).call("lookup", b"")
    assert answer == Answer(b"", "failed to execute wasm module - no such airport", 500)


async def test_a_failure_has_an_empty_payload(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        _, encode = (await opened(plugin)).operations["lookup"].decode(b"x")
        assert encode(HostCallError(500, "internal error")) == b""


async def test_a_grant_lets_its_functions_be_called(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        capability = await opened(plugin)
        assert (await capability.call("lookup", b"x", grant={"functions": ["lookup"]})).payload == b"x"


async def test_a_function_outside_the_grant_is_denied_by_the_rules_name_and_not_called(tarmac_plugin: Make) -> None:
    async with tarmac_plugin(FunctionPlugin) as plugin:
        answer = await (await opened(plugin)).call("load", b"x", grant={"functions": ["lookup"]})
    assert answer == Answer(b"", "not granted: the function may not call load (grants.function)", 403)
    assert plugin.records.invoked == []


def test_a_grant_is_a_list_or_names_its_field() -> None:
    assert FunctionGrant.model_validate(["a", "b"]).functions == ("a", "b")
    assert FunctionGrant.model_validate({"functions": ["a"]}).functions == ("a",)
    assert FunctionGrant.model_validate([]).functions == ()


@pytest.mark.parametrize("value", ["lookup", 1, [1], {"function": ["a"]}])
def test_a_grant_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        FunctionGrant.model_validate(value)


def test_it_serves_the_routes_of_type_function() -> None:
    (spec,) = FunctionPlugin().tarmac_capabilities(PluginSettings())
    assert (spec.name, spec.route_type, spec.grant_model) == ("function", "function", FunctionGrant)
    assert FunctionPlugin().tarmac_plugin_info().name == "function"


def test_importing_it_imports_the_contract_alone() -> None:
    code = "import sys, tarmac_function; print(*sorted(n for n in sys.modules if n.startswith('tarmac_core.')))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name.split(".")[1] for name in output.split()} == {"plugin"}

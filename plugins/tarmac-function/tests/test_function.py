"""Calls from function to function, as a guest makes them."""

import logging
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError
from tarmac_function import FunctionGrant, FunctionPlugin
from tarmac_function.plugin import open_function

from tarmac_core.plugin import HostCallError, InvocationError, PluginSettings, RouteModel


def routes(*names: str) -> tuple[RouteModel, ...]:
    return tuple(RouteModel(type="function", function=name) for name in names)


async def call_it(world: Any, call: Any, name: str, payload: bytes) -> bytes:
    async with open_function(PluginSettings(), {}, world.context(routes("lookup", "load"))) as operations:
        request, encode = operations[name].decode(payload)
        return encode(await operations[name].handler(call, request))


async def test_the_callee_gets_the_payload_and_its_answer_comes_back(world: Any, guest_call: Any) -> None:
    world.answer = lambda function, payload: function.encode() + b":" + payload
    call = guest_call()
    assert await call_it(world, call, "lookup", b"\x00\xff") == b"lookup:\x00\xff"
    assert world.calls == [("lookup", b"\x00\xff", "function", call)]


async def test_a_call_is_a_debug_line_of_the_caller(world: Any, guest_call: Any) -> None:
    await call_it(world, guest_call(), "lookup", b"")
    fields = {"function": "caller", "service": "shop", "request_id": "r-1", "callee": "lookup"}
    assert world.lines == [(logging.DEBUG, "Executing Function to Function callback", fields)]


async def test_a_call_writes_nothing_where_debug_is_off(world: Any, guest_call: Any) -> None:
    world.logger.setLevel(logging.INFO)
    await call_it(world, guest_call(), "lookup", b"")
    assert world.lines == []


async def test_every_routed_function_is_an_operation_and_nothing_else_is(world: Any) -> None:
    async with open_function(PluginSettings(), {}, world.context(routes("b", "a", "b"))) as operations:
        assert list(operations) == ["b", "a"]


async def test_without_routes_there_are_no_operations(world: Any) -> None:
    async with open_function(PluginSettings(), {}, world.context()) as operations:
        assert operations == {}


async def test_the_callees_failure_reaches_the_caller_in_its_words(world: Any, guest_call: Any) -> None:
    def fail(function: str, payload: bytes) -> bytes:
        raise InvocationError("guest", "failed to execute wasm module - no such airport")

    world.answer = fail
    with pytest.raises(HostCallError, match=r"^failed to execute wasm module - no such airport$") as caught:
        await call_it(world, guest_call(), "lookup", b"")
    assert (caught.value.code, caught.value.payload) == (500, b"")


async def test_a_failure_has_an_empty_payload(world: Any) -> None:
    async with open_function(PluginSettings(), {}, world.context(routes("lookup"))) as operations:
        _, encode = operations["lookup"].decode(b"x")
        assert encode(HostCallError(500, "internal error")) == b""


async def test_a_grant_lets_its_functions_be_called(world: Any, guest_call: Any) -> None:
    call = guest_call(FunctionGrant.model_validate(["lookup"]))
    assert await call_it(world, call, "lookup", b"x") == b"x"


async def test_a_function_outside_the_grant_is_denied_by_the_rules_name_and_not_called(
    world: Any, guest_call: Any
) -> None:
    call = guest_call(FunctionGrant.model_validate(["lookup"]))
    with pytest.raises(HostCallError, match=r"may not call load \(grants\.function\)") as caught:
        await call_it(world, call, "load", b"x")
    assert (caught.value.code, world.calls) == (403, [])


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

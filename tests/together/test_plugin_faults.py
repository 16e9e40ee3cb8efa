"""Plugins that raise or hang in every place, as distributions of their own in a real server."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.distributions import Site, plugin_source
from tests.together.server import ROOT, Server, listening, serve, write_manifest

OPEN = """
@asynccontextmanager
async def open(self, settings, *more):
    {before}
    yield {value}
    {after}
"""
CAPABILITY = """
@hookimpl
def tarmac_capabilities(self, settings):
    return [CapabilitySpec("odd", self.open)]
"""
TRIGGER = """
@hookimpl
def tarmac_triggers(self, settings):
    return [TriggerSpec("odd_route", self.open, phase={phase!r})]
"""
OBSERVER = """
@hookimpl
def tarmac_observers(self, settings):
    return [ObserverSpec("odd", self.open)]
"""
SOURCE = """
@hookimpl
def tarmac_config_sources(self, settings):
    return [ConfigSourceSpec("odd", self.open)]
"""
BACKEND = """
@hookimpl
def tarmac_backends(self, settings):
    return [BackendSpec("kvstore", "odd", self.open)]
"""
HANG = "import asyncio; await asyncio.sleep(600)"
DEAF = """import asyncio
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass"""
RAISE = "raise RuntimeError('odd fault')"


def opens(hook: str, *, before: str = "pass", value: str = "{}", after: str = "pass") -> str:
    """Methods of a plugin with one hook whose `open` does this."""
    return OPEN.format(before=before, value=value, after=after) + hook


def install(tmp_path: Path, hooks: str, *, name: str = "odd", before: str = "") -> dict[str, str]:
    """Put the plugin into a distribution of its own; the environment that finds it."""
    folder = tmp_path / "site"
    folder.mkdir()
    source = plugin_source(name, hooks, before=before)
    Site(folder).add("tarmac-odd", {name: "odd_module:P"}, modules={"odd_module": source})
    return {"PYTHONPATH": f"{folder}:{ROOT}", "APP_PLUGIN_TIMEOUT_S": "1", "APP_SHUTDOWN_TIMEOUT_S": "1"}


def failed(server: Server, code: int) -> str:
    """Errors of a start that failed; it did not take long."""
    began_s = time.monotonic()
    with server:
        assert server.ended() == code, server.stderr
    assert time.monotonic() - began_s < 25
    return server.stderr


def manifest(folder: Path, **more: Any) -> None:
    """Two functions, and a route of the odd type."""
    routes = [
        {"type": "http", "path": f"/{name}", "methods": ["POST"], "function": name, **more} for name in ("echo", "misc")
    ]
    write_manifest(folder, {"echo": "go-echo", "misc": "go-misc"}, [*routes, {"type": "odd_route", "function": "echo"}])


@pytest.mark.parametrize("fault", ["raise RuntimeError('odd fault')", "raise SystemExit(3)", "return 7"])
def test_a_broken_plugin_that_nobody_asked_for_is_a_warning(tmp_path: Path, fault: str) -> None:
    hooks = f"@hookimpl\ndef tarmac_capabilities(self, settings):\n    {fault}"
    write_manifest(tmp_path, {"echo": "go-echo"})
    environ = install(tmp_path, "", before=fault if fault.startswith("raise") else "", name="odd")
    if not fault.startswith("raise"):
        environ = {**environ}
        (tmp_path / "site" / "odd_module.py").write_text(plugin_source("other"))
    with listening(tmp_path, "tarmac.json", **environ) as server:
        assert server.ask("x", "/echo").body == b"x"
    warned = [line["msg"] for line in server.logged if line["level"] == "WARN"]
    assert any("tarmac-odd 1.0" in text for text in warned), hooks


HOOK_FAULTS = [
    ("tarmac_capabilities", "raise RuntimeError('odd fault')"),
    ("tarmac_triggers", "return 7"),
    ("tarmac_observers", "return [7]"),
    ("tarmac_routes", "raise SystemExit(0)"),
]


@pytest.mark.parametrize(("hook", "fault"), HOOK_FAULTS)
def test_a_hook_that_fails_is_a_warning_while_nothing_needs_its_plugin(tmp_path: Path, hook: str, fault: str) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    environ = install(tmp_path, f"@hookimpl\ndef {hook}(self, settings):\n    {fault}")
    with listening(tmp_path, "tarmac.json", **environ) as server:
        assert server.ask("x", "/echo").body == b"x"
    (warned,) = (line["msg"] for line in server.logged if line["level"] == "WARN")
    assert "plugin odd (tarmac-odd 1.0)" in warned
    assert hook in warned


@pytest.mark.parametrize(("hook", "fault"), HOOK_FAULTS)
def test_a_hook_that_fails_ends_the_start_when_its_plugin_is_asked_for(tmp_path: Path, hook: str, fault: str) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    environ = install(tmp_path, f"@hookimpl\ndef {hook}(self, settings):\n    {fault}")
    told = failed(serve(tmp_path, "tarmac.json", APP_ENABLE_ODD="true", **environ), 2)
    assert "plugin odd (tarmac-odd 1.0)" in told
    assert hook in told


def test_a_hook_that_hangs_ends_the_start(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    environ = install(tmp_path, "@hookimpl\ndef tarmac_routes(self, settings):\n    time.sleep(600)")
    told = failed(serve(tmp_path, "tarmac.json", **environ), 2)
    assert "plugin odd (tarmac-odd 1.0)" in told
    assert "tarmac_routes did not return within 10 s" in told


@pytest.mark.parametrize("fault", [RAISE, HANG, DEAF])
@pytest.mark.parametrize(
    ("hook", "name"),
    [(CAPABILITY, "odd"), (OBSERVER, "odd"), (TRIGGER.format(phase="serving"), "odd"), (BACKEND, "kvstore.odd")],
)
def test_an_open_that_fails_ends_the_start_with_1_and_its_name(
    tmp_path: Path, hook: str, name: str, fault: str
) -> None:
    environ = install(tmp_path, opens(hook, before=fault), name=name)
    if hook is BACKEND:
        environ |= {"APP_ENABLE_KVSTORE": "true", "APP_KVSTORE_TYPE": "odd"}
    manifest(tmp_path) if "Trigger" in hook else write_manifest(tmp_path, {"echo": "go-echo"})
    told = failed(serve(tmp_path, "tarmac.json", **environ), 1)
    assert "odd" in told
    assert ("odd fault" in told) or ("did not finish within 1 s" in told)


def test_a_before_listen_trigger_that_fails_ends_the_start(tmp_path: Path) -> None:
    manifest(tmp_path)
    environ = install(tmp_path, opens(TRIGGER.format(phase="before_listen"), before=RAISE))
    assert "odd fault" in failed(serve(tmp_path, "tarmac.json", **environ), 1)


@pytest.mark.parametrize("fault", [RAISE, HANG])
def test_a_configuration_source_that_fails_ends_the_start(tmp_path: Path, fault: str) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    environ = install(tmp_path, opens(SOURCE, before=fault), name="config.odd")
    told = failed(serve(tmp_path, "tarmac.json", APP_USE_ODD="true", **environ), 1)
    assert "config source odd" in told


PARTS = """
class Source:
    async def read(self):
        return {}

    async def changes(self):
        return
        yield

from tarmac_kv import KVBackend

class Store(KVBackend):
    get = set = delete = keys = health = print
"""
CLOSES = {
    "capability odd": (CAPABILITY, "odd", {"APP_ENABLE_KVSTORE": "true"}),
    "backend kvstore.odd": (BACKEND, "kvstore.odd", {"APP_ENABLE_KVSTORE": "true", "APP_KVSTORE_TYPE": "odd"}),
    "observer odd": (OBSERVER, "odd", {}),
    "trigger odd_route": (TRIGGER.format(phase="serving"), "odd", {}),
    "config source odd": (SOURCE, "config.odd", {"APP_USE_ODD": "true"}),
}


@pytest.mark.parametrize("part", CLOSES)
@pytest.mark.parametrize(("fault", "word"), [(RAISE, "odd fault"), (HANG, "did not finish"), (DEAF, "left behind")])
def test_a_close_that_fails_is_logged_and_the_others_are_closed(
    tmp_path: Path, part: str, fault: str, word: str
) -> None:
    hook, name, settings = CLOSES[part]
    manifest(tmp_path) if "Trigger" in hook else write_manifest(tmp_path, {"echo": "go-echo"})
    values = {"observer odd": "Observer()", "config source odd": "Source()", "backend kvstore.odd": "Store()"}
    hooks = opens(hook, value=values.get(part, "{}"), after=fault)
    environ = install(tmp_path, hooks, name=name, before=PARTS)
    with listening(tmp_path, "tarmac.json", **environ, **settings) as server:
        began_s = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began_s < 10
    errors = [line for line in server.logged if line["level"] == "ERROR"]
    assert any(part in line["msg"] for line in errors), errors
    assert any(word in str(line) for line in errors)


OPERATIONS = """
def fails(call, request):
    raise RuntimeError("odd fault")

async def fails_later(call, request):
    fails(call, request)

async def hangs(call, request):
    import asyncio
    await asyncio.sleep(600)

def blocks(call, request):
    time.sleep(1.2)
    return b""

def decode(payload):
    return payload, lambda reply: b"" if isinstance(reply, HostCallError) else reply

OPERATIONS = {name: Operation(decode, handler) for name, handler in
    {"info": fails, "debug": fails_later, "error": hangs, "warn": blocks}.items()}
"""
LOGGER = """
@hookimpl
def tarmac_capabilities(self, settings):
    return [CapabilitySpec("logger", self.open)]
"""


def test_handlers_that_raise_hang_or_block_hurt_only_their_call(tmp_path: Path) -> None:
    functions = {"misc": {"guest": "go-misc", "timeout_ms": 3000}, "echo": "go-echo"}
    write_manifest(tmp_path, functions)
    environ = install(tmp_path, opens(LOGGER, value="OPERATIONS"), before=OPERATIONS)
    with listening(tmp_path, "tarmac.json", APP_PLUGINS_DISABLED="logger", **environ) as server:
        server.ask("log info x", "/misc", **{"X-Request-Id": "r-1"})
        server.ask("log debug x", "/misc", **{"X-Request-Id": "r-2"})
        assert server.ask("log error x", "/misc").code == 504
        assert server.ask("log warn x", "/misc").code == 200
        line = server.wait_for("Handler blocked the event loop")
        assert (line["plugin"], line["operation"]) == ("odd", "logger/warn")
        assert server.ask("x", "/echo").body == b"x"
        assert server.stop() == 0
    faults = [line for line in server.logged if line["msg"] == "Host call failed inside its plugin"]
    assert [(line["plugin"], line["operation"], line["request_id"]) for line in faults] == [
        ("odd", "info", "r-1"),
        ("odd", "debug", "r-2"),
    ]


def test_an_observer_that_raises_is_removed_and_logged_once(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"echo": "go-echo"})
    sink = """
class Sink(Observer):
    def request_finished(self, event):
        raise RuntimeError("odd fault")
"""
    environ = install(tmp_path, opens(OBSERVER, value="Sink()"), before=sink)
    with listening(tmp_path, "tarmac.json", **environ) as server:
        for _ in range(3):
            assert server.ask("x", "/echo").body == b"x"
        assert server.stop() == 0
    assert server.messages.count("Observer removed: it raised in request_finished") == 1


def test_a_route_of_a_plugin_that_raises_is_500(tmp_path: Path) -> None:
    hooks = """
    def fails(self, request):
        raise RuntimeError("odd fault")

    @hookimpl
    def tarmac_routes(self, settings):
        return [RouteSpec("GET", "/odd", self.fails, listener="public")]
    """
    write_manifest(tmp_path, {"echo": "go-echo"})
    with listening(tmp_path, "tarmac.json", **install(tmp_path, hooks)) as server:
        answer = server.ask(path="/odd", method="GET")
        assert (answer.code, b"odd fault" in answer.body) == (500, False)


def test_a_route_of_a_plugin_that_the_manifest_has_too_is_a_problem(tmp_path: Path) -> None:
    hooks = """
    @hookimpl
    def tarmac_routes(self, settings):
        return [RouteSpec("POST", "/echo", print, listener="public")]
    """
    write_manifest(tmp_path, {"echo": "go-echo"})
    told = failed(serve(tmp_path, "tarmac.json", **install(tmp_path, hooks)), 2)
    assert "/echo" in told

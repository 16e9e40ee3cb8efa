"""Remote sources of settings: read at the start, followed while the server runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pytest

from tarmac_core.app import App, inspect, inspect_with_sources
from tarmac_core.registry import StepError
from tests.distributions import Site, plugin_source
from tests.unit.app.conftest import Home

SOURCE = """
import asyncio

class Source:
    def __init__(self):
        self.values = {}
        self.news = asyncio.Queue()
        self.fault = None

    async def read(self):
        if self.fault:
            raise self.fault
        return self.values

    async def changes(self):
        while True:
            news = await self.news.get()
            if isinstance(news, Exception):
                raise news
            yield news

source = Source()
opened = []
"""
HOOKS = """
@asynccontextmanager
async def open(self, settings, context):
    opened.append("open")
    yield source
    opened.append("closed")

@hookimpl
def tarmac_config_sources(self, settings):
    return [ConfigSourceSpec({name!r}, self.open, place="here/{name}")]
"""


def add_source(site: Site, name: str, **values: object) -> Any:
    """Install a source that a test changes: put into `source.news` what it says next. Gives its module."""
    text = plugin_source(f"config.{name}", HOOKS.format(name=name), before=SOURCE)
    site.add(f"tarmac-{name}", {f"config.{name}": f"source_{name}:P"}, modules={f"source_{name}": text})
    module = import_module(f"source_{name}")
    module.source.values = values
    return module


async def told(home: Home, message: str, count: int = 1) -> list[Any]:
    """The keys of each log line with this message, once there are `count`."""
    async with asyncio.timeout(5):
        while True:
            found = [line.get("keys") for line in home.logged if line["msg"] == message]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(home: Home, **environ: str) -> AsyncIterator[App]:
    async with App.open(home.options(**environ), stream=home.log) as app:
        yield app


async def test_what_a_source_changes_is_taken_over_while_serving(home: Home, site: Site) -> None:
    source = add_source(site, "one", debug=False, max_call_depth=3).source
    async with opened(home, use_one="1") as app:
        assert (app.log.isEnabledFor(10), app.core.max_call_depth) == (False, 3)
        source.news.put_nowait({"debug": True, "max_call_depth": 5, "enable_maintenance_mode": True})
        assert await told(home, "Settings changed that need a restart") == [["max_call_depth"]]
        assert await told(home, "Settings changed") == [["debug", "enable_maintenance_mode"]]
        assert (app.log.isEnabledFor(10), app.core.enable_maintenance_mode) == (True, True)
        assert app.core.max_call_depth == 3, "what is not hot stays as it was"


async def test_a_change_of_one_source_keeps_what_the_others_say(home: Home, site: Site) -> None:
    first = add_source(site, "one", debug=True).source
    second = add_source(site, "two", enable_maintenance_mode=True, debug=False, max_call_depth=7).source
    async with opened(home, use_one="1", use_two="1") as app:
        assert (app.core.debug, app.core.enable_maintenance_mode, app.core.max_call_depth) == (True, True, 7)
        first.news.put_nowait({"debug": True, "trace": True})
        assert await told(home, "Settings changed") == [["trace"]]
        assert (app.core.debug, app.core.enable_maintenance_mode) == (True, True)
        second.news.put_nowait({"max_call_depth": 7})
        assert await told(home, "Settings changed", 2) == [["trace"], ["enable_maintenance_mode"]]
        assert (app.core.debug, app.core.trace) == (True, True)
        first.news.put_nowait({})
        assert (await told(home, "Settings changed", 3))[2] == ["debug", "trace"]
        assert not any("restart" in line["msg"] for line in home.logged)


async def test_a_key_that_a_source_no_longer_has_falls_back_to_the_next_source_or_the_default(
    home: Home, site: Site
) -> None:
    first = add_source(site, "one", debug=False, trace=True).source
    add_source(site, "two", debug=True)
    async with opened(home, use_one="1", use_two="1") as app:
        assert (app.core.debug, app.core.trace) == (False, True)
        first.news.put_nowait({})
        await told(home, "Settings changed")
        assert (app.core.debug, app.core.trace) == (True, False)


async def test_what_waits_for_a_restart_is_told_once_and_so_is_its_end(home: Home, site: Site) -> None:
    source = add_source(site, "one", max_call_depth=3, redis_server="here").source
    async with opened(home, use_one="1", max_request_bytes="1000"):
        for depth in (4, 5, 6):
            source.news.put_nowait({"max_call_depth": depth, "redis_server": "here", "max_request_bytes": depth})
        source.news.put_nowait({"max_call_depth": 6, "redis_password": "hunter2"})
        source.news.put_nowait({"max_call_depth": 3, "redis_server": "here"})
        await told(home, "No changed setting needs a restart any more")
        waiting = await told(home, "Settings changed that need a restart")
    assert waiting == [["max_call_depth"], ["max_call_depth", "redis_password", "redis_server"]]
    assert "hunter2" not in home.log.getvalue()


async def test_a_wrong_new_value_is_told_and_the_old_ones_stay(home: Home, site: Site) -> None:
    source = add_source(site, "one", debug=True).source
    async with opened(home, use_one="1") as app:
        source.news.put_nowait({"debug": False, "enable_maintenance_mode": "perhaps"})
        source.news.put_nowait({"debug": False, "shutdown_timeout_s": [1]})
        source.news.put_nowait({"debug": True, "trace": True})
        await told(home, "Settings changed")
        assert (app.core.debug, app.core.trace) == (True, True)
    errors = [line["msg"] for line in home.logged if line["level"] == "ERROR"]
    assert len(errors) == 2
    assert errors[0].startswith("Changed settings not taken over: enable_maintenance_mode from one here/one: 'perhaps'")
    assert errors[1].startswith("Changed settings not taken over: shutdown_timeout_s from one here/one: ")


async def test_the_values_of_a_source_are_shown_with_its_place_and_the_source_is_closed_again(
    home: Home, site: Site
) -> None:
    module = add_source(site, "one", max_call_depth=3, redis={"server": "x"}, debug="perhaps")
    options = home.options(use_one="1", trace="1")
    blueprint = await inspect_with_sources(options)
    rows = {row.key: (row.value, row.source) for row in blueprint.rows}
    assert rows["max_call_depth"] == (3, "one here/one")
    assert rows["trace"] == ("1", "APP_TRACE (environment)")
    assert [problem.where for problem in blueprint.problems] == ["debug from one here/one"]
    assert module.opened == ["open", "closed"]
    assert inspect(options).core.max_call_depth == 16, "the plain inspection asks nobody"
    assert module.opened == ["open", "closed"]


async def test_a_source_that_cannot_be_read_ends_the_start_with_its_name(home: Home, site: Site) -> None:
    add_source(site, "one").source.fault = OSError("no way")
    for opening in (opened(home, use_one="1"), _inspected(home)):
        with pytest.raises(StepError, match="config source one: open raised OSError: no way"):
            async with opening:
                raise AssertionError("it opens")


@asynccontextmanager
async def _inspected(home: Home) -> AsyncIterator[Any]:
    yield await inspect_with_sources(home.options(use_one="1"))


async def test_a_source_that_breaks_is_told_and_the_last_values_stay(home: Home, site: Site) -> None:
    source = add_source(site, "one", debug=True).source
    async with opened(home, use_one="1") as app:
        source.news.put_nowait(OSError("no way"))
        await told(home, "Configuration source no longer followed")
        assert app.core.debug

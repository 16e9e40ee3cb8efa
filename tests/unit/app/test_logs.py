"""Log lines in both forms."""

import io
import json
import logging

import pytest

from tarmac_core.app.logs import SILENT, TRACE, configure, level_of, make_log
from tarmac_core.dispatch import with_fields


def test_a_line_is_one_json_object_with_time_level_text_and_fields() -> None:
    stream = io.StringIO()
    log = with_fields(make_log(stream=stream), {"plugin": "p"})
    log.warning("hello %s", "world", extra={"name": "a", "count": 2})
    (line,) = stream.getvalue().splitlines()
    entries = json.loads(line)
    assert list(entries) == ["time", "level", "msg", "plugin", "name", "count"]
    assert (entries["level"], entries["msg"], entries["name"], entries["count"]) == ("WARN", "hello world", "a", 2)
    assert entries["time"].endswith("Z")


def test_a_field_cannot_replace_time_level_or_text() -> None:
    stream = io.StringIO()
    make_log(stream=stream).info("text", extra={"msg": "other", "level": "other"})
    assert json.loads(stream.getvalue())["msg"] == "text"


def test_the_text_form_quotes_what_needs_it() -> None:
    stream = io.StringIO()
    make_log(is_text=True, stream=stream).error(
        "two words", extra={"a": "x", "b": 'say "hi"', "c": "", "d": True, "e": "k=v"}
    )
    text = stream.getvalue().split(" ", 1)[1]
    assert text == 'level=ERROR msg="two words" a=x b="say \\"hi\\"" c="" d=true e="k=v"\n'


def test_what_a_guest_writes_stays_one_line() -> None:
    for is_text in (True, False):
        stream = io.StringIO()
        make_log(is_text=is_text, stream=stream).info("%s", 'two\nlines","level":"ERROR', extra={"k": "a\nb"})
        assert len(stream.getvalue().splitlines()) == 1


def test_lone_surrogates_are_written_as_escapes() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="utf-8")
    make_log(stream=stream).info("a\udcffb ä")
    stream.flush()
    assert json.loads(written.getvalue())["msg"] == "a\udcffb ä"
    assert "ä".encode() in written.getvalue()


def test_an_exception_is_told_with_its_stack() -> None:
    stream = io.StringIO()
    log = make_log(stream=stream)
    try:
        int("odd")
    except ValueError:
        log.exception("failed")
    entries = json.loads(stream.getvalue())
    assert entries["error"] == "ValueError: invalid literal for int() with base 10: 'odd'"
    assert "test_logs.py" in entries["stack"]


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ((False, False, False), logging.INFO),
        ((True, False, False), logging.DEBUG),
        ((True, True, False), TRACE),
        ((True, True, True), SILENT),
    ],
)
def test_trace_wins_over_debug_and_off_wins_over_all(settings: tuple[bool, bool, bool], level: int) -> None:
    debug, trace, disabled = settings
    assert level_of(debug=debug, trace=trace, disabled=disabled) == level


def test_a_log_can_be_configured_anew() -> None:
    stream = io.StringIO()
    log = make_log(stream=stream)
    log.debug("not yet")
    configure(log, level=TRACE, is_text=True)
    log.log(TRACE, "now")
    assert stream.getvalue().endswith("level=TRACE msg=now\n")
    assert "not yet" not in stream.getvalue()


def test_loggers_stay_out_of_the_global_tree() -> None:
    before = dict(logging.Logger.manager.loggerDict)
    make_log(stream=io.StringIO()).info("x")
    assert logging.Logger.manager.loggerDict == before

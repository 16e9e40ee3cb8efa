"""Calls into plugins that have to come back: a time limit for synchronous code."""

import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pluggy import PluginValidationError

from tarmac_core.plugin import OpenError, Problem

T = TypeVar("T")

HOOK_LIMIT_S = 10.0


class PluginFaultError(Exception):
    """A plugin breaks the contract; the text says how."""


@dataclass(frozen=True, slots=True)
class Hang(Problem):
    """A hook that did not come back; it ends the start even if nothing needs its plugin, since its thread still runs."""


class HungError(PluginFaultError):
    """A call into a plugin has not come back in time; it still runs, on a thread that is left behind."""


def call_within(limit_s: float, name: str, function: Callable[[], T]) -> T:
    """Return what `function` returns; raise what it raises, or HungError once `limit_s` has passed.

    It runs on a daemon thread of its own, one at a time, since nothing can interrupt Python code from outside: one that
    hangs is left behind there and does not keep the process from ending. `name` names the thread.
    """
    outcome: Future[T] = Future()
    threading.Thread(target=_run, args=(function, outcome), name=f"tarmac {name}", daemon=True).start()
    wait([outcome], limit_s)
    if not outcome.done():
        raise HungError(f"did not return within {limit_s:g} s")
    return outcome.result()


def describe(error: BaseException) -> str:
    """What a plugin did, in one line: our own words for a breach of contract, else the error and the place it came from."""
    if isinstance(error, OpenError):
        return f"failed: {' '.join(str(error).split())}"
    if isinstance(error, PluginFaultError | PluginValidationError):
        return " ".join(str(error).split())
    text = " ".join("".join(traceback.format_exception_only(error)).split())
    frames = traceback.extract_tb(error.__traceback__)
    return f"raised {text} ({Path(frames[-1].filename).name} line {frames[-1].lineno})" if frames else f"raised {text}"


def problem_of(error: BaseException, where: str, step: str, remedy: str) -> Problem:
    """The problem that `error` of a guarded call is, a Hang where it did not return."""
    kind = Hang if isinstance(error, HungError) else Problem
    return kind(where, f"{step} {describe(error)}", remedy)


def _run(function: Callable[[], T], outcome: "Future[T]") -> None:
    try:
        outcome.set_result(function())
    except BaseException as error:  # noqa: BLE001 - a plugin may raise SystemExit too; the caller gets it
        outcome.set_exception(error)

"""What a plugin must not leave behind: tasks, threads, a changed environment."""

import asyncio
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

SETTLE_S = 1.0
PYTESTS_OWN = "PYTEST_CURRENT_TEST"  # changes between a test and its tear-down


@dataclass(frozen=True, slots=True)
class Leaks:
    """What there was at one moment, to be compared with what is there later."""

    tasks: frozenset["asyncio.Task[object]"]
    threads: frozenset[threading.Thread]
    environment: Mapping[str, str]

    @classmethod
    def now(cls) -> "Leaks":
        """Remember tasks (of the running loop, if any), threads and environment as they are."""
        return cls(frozenset(_tasks()), frozenset(threading.enumerate()), _environment())

    def found(self) -> list[str]:
        """Everything that is there now and was not then, in words. A thread that is ending gets a second for it."""
        tasks = [f"task {task.get_name()} ({task.get_coro()})" for task in _tasks() - self.tasks if not task.done()]
        threads = [f"thread {thread.name}" for thread in threading.enumerate() if self._stays(thread)]
        changed = {*self.environment.items()} ^ {*_environment().items()}
        return sorted(tasks) + sorted(threads) + [f"variable {name}" for name in sorted({name for name, _ in changed})]

    def check(self) -> None:
        """Raise AssertionError naming everything that was left behind."""
        found = self.found()
        if found:
            raise AssertionError(f"left behind: {', '.join(found)}")

    def _stays(self, thread: threading.Thread) -> bool:
        if thread in self.threads:
            return False
        end = time.monotonic() + SETTLE_S
        while thread.is_alive() and time.monotonic() < end:
            thread.join(0.01)
        return thread.is_alive()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != PYTESTS_OWN}


def _tasks() -> set["asyncio.Task[object]"]:
    try:
        own = asyncio.current_task()  # an asynchronous fixture is set up in one task and torn down in another
        return {task for task in asyncio.all_tasks() if task is not own}
    except RuntimeError:
        return set()

"""`/health` and `/ready`: whether the process answers, and whether it can do its work."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tarmac_core.plugin import BackendError, Log, Request, Response

Check = Callable[[], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class Probes:
    """Answers to load balancers and orchestrators.

    `checks` are asked anew each time, by name (`kvstore default`): one that raises, answers False or takes longer than
    `time_limit_s` makes the server unready. Requests that come while a round is under way share its outcome, so that
    probes never load a store. `is_in_maintenance` is asked each time too.
    """

    log: Log
    checks: Mapping[str, Check] = field(default_factory=dict)
    is_in_maintenance: Callable[[], bool] = lambda: False
    time_limit_s: float = 2.0
    _round: "asyncio.Task[dict[str, str]] | None" = None

    async def health(self, request: Request) -> Response:
        """200 as long as the process answers."""
        return _answer({}, request)

    async def ready(self, request: Request) -> Response:
        """200, or 503 while something is wrong; `?verbose` gives JSON that names it."""
        if self.is_in_maintenance():
            return _answer({"maintenance": "maintenance mode is on"}, request)
        return _answer(await self._problems(), request)

    async def close(self) -> None:
        """End a round that is under way."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait((self._round,))

    async def _problems(self) -> dict[str, str]:
        if not self.checks:
            return {}
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._ask_all(), name="ready checks")
        return await asyncio.shield(self._round)

    async def _ask_all(self) -> dict[str, str]:
        answers = await asyncio.gather(*(self._ask(name, check) for name, check in self.checks.items()))
        return {name: problem for name, problem in zip(self.checks, answers, strict=True) if problem}

    async def _ask(self, name: str, check: Check) -> str:
        try:
            async with asyncio.timeout(self.time_limit_s) as limit:
                return "unhealthy" if await check() is False else ""
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the store is not ready
            self.log.warning("Not ready: %s: %s", name, error)
            if limit.expired():
                return f"no answer within {self.time_limit_s:g} s"
            # What else a driver says may hold addresses and passwords: it is in the log, the client gets its kind.
            return str(error) if isinstance(error, BackendError) else type(error).__name__


def _answer(problems: dict[str, str], request: Request) -> Response:
    code = 503 if problems else 200
    if not any(name == "verbose" for name, _ in request.query):
        return Response(code)
    body = json.dumps({"ok": not problems, "problems": problems}, sort_keys=True)
    return Response(code, body.encode(), (("Content-Type", "application/json"),))

"""What a changed setting does to a running server: a few are taken over, the rest waits for a restart and is told."""

from dataclasses import dataclass

from tarmac_core.config import HOT_KEYS, CoreSettings, Raw, bind
from tarmac_core.plugin import Log


@dataclass(slots=True)
class Changes:
    """Follows the settings of one server; `started` are those that it started with."""

    log: Log
    started: Raw
    _waiting: frozenset[str] = frozenset()

    def taken_over(self, core: CoreSettings, raw: Raw) -> CoreSettings:
        """Return `core` with what may change while the server runs; `core` itself where a setting of core is wrong."""
        bound = bind(CoreSettings, "", raw)
        for problem in bound.problems:
            self.log.error("Changed settings not taken over: %s", problem)
        if bound.settings is None:
            return core
        new = {key: getattr(bound.settings, key) for key in HOT_KEYS}
        changed = sorted(key for key, value in new.items() if value != getattr(core, key))
        if changed:
            self.log.info("Settings changed", extra={"keys": changed})
        return core.model_copy(update=new)

    def tell_waiting(self, raw: Raw) -> None:
        """Name what a restart would change; said again only when other keys wait than before."""
        waiting = frozenset(self._differing(raw))
        if waiting == self._waiting:
            return
        self._waiting = waiting
        if waiting:
            self.log.warning("Settings changed that need a restart", extra={"keys": sorted(waiting)})
        else:
            self.log.info("No changed setting needs a restart any more")

    def _differing(self, raw: Raw) -> list[str]:
        keys = {*self.started.values, *raw.values} - HOT_KEYS
        return [key for key in keys if _value(self.started, key) != _value(raw, key)]


def _value(raw: Raw, key: str) -> object:
    found = raw.values.get(key)
    return found.value if found else None

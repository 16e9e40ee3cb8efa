"""Keys that nobody reads: a warning each, with the nearest key that somebody does."""

from collections.abc import Iterable

from tarmac_core.config.fields import fields_of
from tarmac_core.config.nearest import did_you_mean
from tarmac_core.config.raw import Raw
from tarmac_core.config.upstream import UPSTREAM_KEYS
from tarmac_core.plugin import PluginSettings


def unknown_keys(
    raw: Raw,
    models: Iterable[tuple[type[PluginSettings], str]],
    *,
    prefixes: Iterable[str] = (),
    keys: Iterable[str] = (),
) -> list[str]:
    """Warnings about keys that nothing reads, and about files that were passed over.

    `models` are those in use with their prefixes, `prefixes` those of every installed entry point, `keys` others that core
    reads (`enable_kvstore`). A key with the prefix of an installed plugin whose model is not in use is known.
    """
    models = list(models)
    exact = UPSTREAM_KEYS | set(keys) | {key for model, prefix in models for key in _keys(model, prefix)}
    read_prefixes = {prefix for _, prefix in models}
    open_prefixes = tuple(f"{prefix}_" for prefix in prefixes if prefix and prefix not in read_prefixes)
    return [
        *raw.notes,
        *(
            _warning(key, raw.values[key].source, exact)
            for key in raw.values
            if key not in exact and not key.startswith(open_prefixes)
        ),
    ]


def _keys(model: type[PluginSettings], prefix: str) -> Iterable[str]:
    return (key for field in fields_of(model, prefix) for key in field.keys)


def _warning(key: str, source: str, known: Iterable[str]) -> str:
    if key.startswith("stores_"):
        return f"{key} from {source}: named stores are set in the configuration file only, so it has no effect"
    hint = did_you_mean(key, known)
    return f"{key} from {source}: no such setting, so it has no effect" + (f" ({hint})" if hint else "")

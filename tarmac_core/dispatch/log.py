"""A log whose lines carry fields: function, service, request id, plugin."""

import logging
from collections.abc import Mapping, MutableMapping
from typing import Any

FIELDS = "fields"


class FieldLog(logging.LoggerAdapter[logging.Logger]):
    """An adapter that puts its own fields and the line's `extra` together under one attribute of the record, `fields`.

    The standard adapter drops a line's `extra` before 3.13, and raises for keys such as `name`.
    """

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Merge the fields; those of the line win."""
        kwargs["extra"] = {FIELDS: {**(self.extra or {}), **(kwargs.get("extra") or {})}}
        return msg, kwargs


def with_fields(log: logging.LoggerAdapter[logging.Logger], fields: Mapping[str, object]) -> FieldLog:
    """Return a log that writes where `log` writes, with its fields and these."""
    return FieldLog(log.logger, {**(log.extra or {}), **fields})

"""What the command line, or a test, says: the only input of an App beside the files and variables it names."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tarmac_core.config import Raw, RawValue, read_raw
from tarmac_core.plugin import Problem

COMMAND_LINE = "the command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`target` is a manifest or one `.wasm` file; `settings` are flat keys that win over environment and file.

    `environ` and `cwd` stand for the process's own, so that two Apps can live in one process.
    """

    target: Path | None = None
    config_file: Path | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=Path.cwd)


def read_options(options: Options) -> tuple[Raw, list[Problem]]:
    """Read what is configured, the command line on top."""
    raw, problems = read_raw(environ=options.environ, file=options.config_file, cwd=options.cwd)
    return replace(raw, values={**raw.values, **dict(_from_command_line(options))}), problems


def _from_command_line(options: Options) -> Iterator[tuple[str, RawValue]]:
    for key, value in options.settings.items():
        yield key, RawValue(value, COMMAND_LINE)
    if options.target is not None:
        is_module = options.target.suffix == ".wasm"
        yield "wasm_function" if is_module else "wasm_function_config", RawValue(str(options.target), COMMAND_LINE)

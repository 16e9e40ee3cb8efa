"""Copies the store to start from, under a new name."""

import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

NAME_SHAPE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_STAND_IN = "template"


def copy_template(name: str, folder: Path) -> list[Path]:
    """Write the distribution `tarmac-kv-<name>` into `folder`, which must not exist; returns the files.

    `name` is lower case, words joined by `-`. Raises ValueError for any other, FileExistsError, and OSError.
    """
    if not NAME_SHAPE.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name for a store: use lower case letters, digits and single dashes (my-store)"
        )
    folder.mkdir(parents=True)
    root = resources.files("tarmac_core") / "_template"
    return sorted(_copy(root, folder, _spellings(name)))


def _spellings(name: str) -> Mapping[str, str]:
    """Each spelling of the stand-in with its replacement, the longer ones first."""
    words = name.split("-")
    module, title = "_".join(words), "".join(word.capitalize() for word in words)
    return {
        f"tarmac_kv_{_STAND_IN}": f"tarmac_kv_{module}",
        f"open_{_STAND_IN}": f"open_{module}",
        f"{_STAND_IN}_": f"{module}_",
        f"{_STAND_IN.upper()}_": f"{module.upper()}_",
        _STAND_IN.capitalize(): title,
        _STAND_IN: name,
    }


def _copy(source: Traversable, target: Path, spellings: Mapping[str, str]) -> list[Path]:
    written: list[Path] = []
    for item in source.iterdir():
        if item.name in {"__pycache__", ".pytest_cache"}:
            continue
        path = target / _renamed(item.name, spellings)
        if item.is_dir():
            path.mkdir()
            written += _copy(item, path, spellings)
        else:
            path.write_text(_renamed(item.read_text(encoding="utf-8"), spellings), encoding="utf-8")
            written.append(path)
    return written


def _renamed(text: str, spellings: Mapping[str, str]) -> str:
    """Replace in one pass, since the new name may hold the old one."""
    return re.sub("|".join(map(re.escape, spellings)), lambda found: spellings[found[0]], text)

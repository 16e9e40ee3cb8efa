"""Zig, from the Python registry's `ziglang`."""

import sys
from pathlib import Path

from .paths import CACHE
from .toolchains import Source, pip_install, run

VERSION = "0.17.1"


class Zig:
    """Builds freestanding modules; the files beside an entry are its modules `wapc` and `kv`."""

    name = "zig"
    flags: tuple[str, ...] = (
        "-target",
        "wasm32-freestanding",
        "-fno-entry",
        "-rdynamic",
        "-O",
        "ReleaseSmall",
        "-fstrip",
    )

    def __init__(self) -> None:
        self._target = CACHE / f"zig-{VERSION}"

    def version(self) -> str | None:
        """The pinned compiler; the machine's own is not used, since the language still changes."""
        return f"zig {VERSION}" if (self._target / "ziglang").is_dir() else None

    def remedy(self) -> str:
        """What to install."""
        return f"ziglang=={VERSION} from the Python registry"

    def install(self) -> None:
        """Unpack the pinned compiler."""
        if self.version() is None:
            pip_install(f"ziglang=={VERSION}", self._target)

    def sources(self, source: Source) -> list[Path]:
        """The entry and the two shared modules."""
        return [source.folder / name for name in (f"{source.entry}.zig", "kv.zig", "wapc.zig")]

    def build(self, source: Source, output: Path) -> None:
        """Compile `<entry>.zig`."""
        modules = ["--dep", "wapc", "--dep", "kv", f"-Mroot={source.entry}.zig"]
        modules += ["-Mwapc=wapc.zig", "--dep", "wapc", "-Mkv=kv.zig"]
        cache = CACHE / "zig-cache"
        caches: list[str | Path] = ["--cache-dir", cache, "--global-cache-dir", cache]
        compiler: list[str | Path] = [sys.executable, "-m", "ziglang", "build-exe"]
        run(
            [*compiler, *self.flags, *modules, *caches, f"-femit-bin={output}"],
            cwd=source.folder,
            env={"PYTHONPATH": str(self._target)},
        )

"""AssemblyScript, from the npm registry, pinned by the lock file beside the sources."""

import json
import shutil
from pathlib import Path

from .paths import CACHE, GUESTS
from .toolchains import BuildError, Source, run

FOLDER = GUESTS / "assemblyscript"


class AssemblyScript:
    """Builds with asc and the waPC guest library."""

    name = "assemblyscript"
    flags: tuple[str, ...] = ("-O", "--runtime", "incremental")

    def __init__(self) -> None:
        self._target = CACHE / "assemblyscript"
        self._asc = self._target / "node_modules" / "assemblyscript"

    def version(self) -> str | None:
        """The installed compiler, if Node.js is there to run it."""
        package = self._asc / "package.json"
        if shutil.which("node") is None or not package.exists():
            return None
        return f"assemblyscript {json.loads(package.read_text(encoding='utf-8'))['version']}"

    def remedy(self) -> str:
        """What to install."""
        return "Node.js 20 or later with npm"

    def install(self) -> None:
        """Install what the lock file names; again when it has changed."""
        lock = FOLDER / "package-lock.json"
        installed = self._target / "package-lock.json"
        if self.version() and installed.exists() and installed.read_bytes() == lock.read_bytes():
            return
        if shutil.which("npm") is None:
            raise BuildError(self.remedy())
        self._target.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", ".npmrc"):
            shutil.copy(FOLDER / name, self._target / name)
        installed.unlink(missing_ok=True)
        shutil.copy(lock, installed)
        try:
            run(["npm", "ci", "--loglevel=error"], cwd=self._target)
        except BuildError:
            installed.unlink()
            raise

    def sources(self, source: Source) -> list[Path]:
        """The entry, what entries share, and the lock file."""
        names = (f"{source.entry}.ts", "base64.ts", "kv.ts", "package-lock.json")
        return [source.folder / name for name in names]

    def build(self, source: Source, output: Path) -> None:
        """Compile `<entry>.ts`."""
        compiler: list[str | Path] = ["node", self._asc / "bin" / "asc.js", "--path", self._target / "node_modules"]
        run([*compiler, f"{source.entry}.ts", *source.options, *self.flags, "-o", output], cwd=source.folder)

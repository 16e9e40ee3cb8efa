"""Every guest: its language, its sources, and where its compiled form is committed."""

from dataclasses import dataclass
from pathlib import Path

from .assemblyscript import AssemblyScript
from .go import Go, GoWithModules
from .paths import EXAMPLES, GUESTS, WASM
from .rust import Rust
from .toolchains import Source, Toolchain
from .zig import Zig

AIRPORT = ("init", "load", "fetch", "lookup")


@dataclass(frozen=True, slots=True)
class Guest:
    """One compiled function; `files` hold the same bytes."""

    name: str
    toolchain: Toolchain
    source: Source
    files: tuple[Path, ...]


def all_guests() -> list[Guest]:
    """The guests in the order in which they are built."""
    go = Go()
    return [
        _guest(go, "echo", Source(GUESTS / "go", "echo")),
        _guest(go, "misc", Source(GUESTS / "go", "misc")),
        _guest(go, "sdk", Source(GUESTS / "go", "sdk")),
        _example(go, "hello", Source(EXAMPLES / "hello", ".")),
        _example(go, "tac", Source(EXAMPLES / "tac", "."), also_for_tests=True),
        _example(go, "counter", Source(EXAMPLES / "counter", "counter"), also_for_tests=True),
        _example(go, "caller", Source(EXAMPLES / "counter", "caller"), also_for_tests=True),
        *(_example(go, f"airport-{name}", Source(EXAMPLES / "airport", name)) for name in AIRPORT),
        _guest(GoWithModules(GUESTS / "protobuf"), "protobuf", Source(GUESTS / "protobuf", "."), language="go"),
        *_family(Zig()),
        *_family(AssemblyScript(), echo=("--use", "abort=echo/abort")),
        *_family(Rust()),
    ]


def _family(toolchain: Toolchain, **options: tuple[str, ...]) -> list[Guest]:
    folder = GUESTS / toolchain.name
    names = ("echo", "tac", "counter", "misc")
    return [_guest(toolchain, name, Source(folder, name, options.get(name, ()))) for name in names]


def _guest(toolchain: Toolchain, name: str, source: Source, *, language: str = "") -> Guest:
    full = f"{language or toolchain.name}-{name}"
    return Guest(full, toolchain, source, (WASM / f"{full}.wasm",))


def _example(go: Go, name: str, source: Source, *, also_for_tests: bool = False) -> Guest:
    """An example's function; the tests have their own copy, so that an example can change its folder's layout."""
    files = [source.folder / "functions" / f"{name}.wasm"]
    if also_for_tests:
        files.append(WASM / f"go-{name}.wasm")
    return Guest(f"go-{name}", go, source, tuple(files))

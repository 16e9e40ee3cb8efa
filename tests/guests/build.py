"""Build the guests of tests and examples from their sources, or check the committed ones.

    python tests/guests/build.py [--only NAME]     build what has a compiler here, write the manifest
    python tests/guests/build.py --check           compare with manifest and sources; rebuild where a compiler is
    python tests/guests/build.py --hashes          print what the manifest holds
    python tests/guests/build.py --install-toolchains    fetch the pinned compilers into .cache/guests

Exit codes: 0 all well, 1 something differs or failed. With TARMAC_REQUIRE_SERVICES=1 a missing compiler is a failure.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from builder import check, manifest
from builder.guests import Guest, all_guests
from builder.toolchains import BuildError


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="this guest only; may be repeated")
    what = parser.add_mutually_exclusive_group()
    for flag in ("--check", "--hashes", "--install-toolchains"):
        what.add_argument(flag, action="store_true")
    options = parser.parse_args(arguments)
    guests = all_guests()
    unknown = set(options.only) - {guest.name for guest in guests}
    if unknown:
        parser.error(f"no guest {', '.join(sorted(unknown))}; there are {', '.join(guest.name for guest in guests)}")
    if options.install_toolchains:
        return install(guests)
    if options.hashes:
        return hashes()
    chosen = [guest for guest in guests if not options.only or guest.name in options.only]
    return check_all(guests, chosen) if options.check else build(chosen)


def install(guests: list[Guest]) -> int:
    """Fetch each compiler; one that fails does not keep the others from being tried."""
    failed = 0
    for chain in {guest.toolchain.name: guest.toolchain for guest in guests}.values():
        try:
            chain.install()
            say(f"{chain.version() or chain.name}")
        except BuildError as error:
            failed += 1
            say(f"{chain.name} cannot be installed: {error}")
    return int(failed > 0)


def build(guests: list[Guest]) -> int:
    """Build each guest that has a compiler, write its files and its entry."""
    entries = manifest.read()
    with tempfile.TemporaryDirectory() as folder:
        for guest in guests:
            version = guest.toolchain.version()
            if version is None:
                continue
            output = Path(folder) / f"{guest.name}.wasm"
            guest.toolchain.build(guest.source, output)
            wasm = output.read_bytes()
            for path in guest.files:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(wasm)
            entries[guest.name] = manifest.entry_of(guest, wasm, version)
            say(f"{guest.name}: {len(wasm):,} bytes, {version}")
    names = {guest.name for guest in all_guests()}
    manifest.write({name: entry for name, entry in entries.items() if name in names})
    return report([], check.missing(guests))


def check_all(guests: list[Guest], chosen: list[Guest]) -> int:
    """Check committed files of all guests, and rebuild the chosen ones."""
    entries = manifest.read()
    problems, remarks = check.rebuilt(chosen, entries)
    for remark in remarks:
        say(remark)
    return report([*check.committed(guests, entries), *problems], check.missing(chosen))


def report(problems: list[str], missing: list[str]) -> int:
    """Print problems and missing compilers; return the exit code."""
    for line in problems:
        say(f"WRONG {line}")
    for line in missing:
        say(f"not built here, {line}")
    required = os.environ.get("TARMAC_REQUIRE_SERVICES") == "1"
    return int(bool(problems) or (required and bool(missing)))


def hashes() -> int:
    """Print each file's hash, as sha256sum does."""
    for entry in manifest.read().values():
        for name in entry.files:
            say(f"{entry.sha256}  {name}")
    return 0


def say(line: str) -> None:
    """One line to standard output."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BuildError as failure:
        sys.exit(str(failure))

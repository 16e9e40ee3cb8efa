"""Run the service with all that it needs: make the file of airports if it is not there, serve it, start Tarmac.

    python run.py [--rows 70000] [--feed-port 8099] [arguments of `tarmac serve`]

Without arguments for `tarmac serve`: everything in one process, on SQLite and LMDB. The file and the data are in APP_DATA_DIR,
or in ./data.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

from feed import generate, serve

HERE = Path(__file__).resolve().parent
DEFAULT = [str(HERE / "tarmac.json"), "--config", str(HERE / "conf" / "sqlite-lmdb.toml")]


def main() -> int:
    """Return Tarmac's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=generate.ROWS)
    parser.add_argument("--feed-port", type=int, default=serve.PORT)
    options, arguments = parser.parse_known_args()
    data = Path(os.environ.setdefault("APP_DATA_DIR", "data"))
    file = data / "airports.csv"
    if not file.exists():
        generate.write(file, options.rows)
    with serve.server(file, options.feed_port) as feed:
        threading.Thread(target=feed.serve_forever, daemon=True).start()
        try:
            return tarmac(arguments or DEFAULT)
        finally:
            feed.shutdown()


def tarmac(arguments: list[str]) -> int:
    """Run `tarmac serve` and hand it the signals that end a program."""
    with subprocess.Popen([sys.executable, "-m", "tarmac_core", "serve", *arguments]) as process:

        def forward(number: int, _frame: FrameType | None) -> None:
            process.send_signal(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, forward)
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())

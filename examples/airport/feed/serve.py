"""Serve one file on 127.0.0.1 to whoever asks for its name.

python feed/serve.py airports.csv [--port 8099]
"""

import argparse
import shutil
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

PORT = 8099


class Feed(BaseHTTPRequestHandler):
    """Answers GET of the file's name, asked directly or as a proxy."""

    def __init__(self, file: Path, *arguments: Any) -> None:
        self._file = file
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Send the file, or 404 for any other name."""
        if PurePosixPath(urlsplit(self.path).path).name != self._file.name:
            self.send_error(404)
            return
        with self._file.open("rb") as content:
            self.send_response(200)
            self.send_header("Content-Type", "text/csv; charset=utf-8")
            self.send_header("Content-Length", str(self._file.stat().st_size))
            self.end_headers()
            shutil.copyfileobj(content, self.wfile)

    def log_message(self, *_: object) -> None:
        """Nothing: Tarmac's log tells what it fetched."""


def server(file: Path, port: int = PORT) -> ThreadingHTTPServer:
    """A server of the file; port 0 is a free one. `serve_forever` serves, `shutdown` and `server_close` end it."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Feed, file))


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, default=PORT)
    options = parser.parse_args()
    with server(options.file, options.port) as serving:
        serving.serve_forever()


if __name__ == "__main__":
    main()

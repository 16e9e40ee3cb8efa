"""What the airport service must answer, computed from its file without any of its code, and clients that ask it everything."""

import asyncio
import csv
import importlib.util
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tests.together.server import ROOT, Answer

EXAMPLE = ROOT / "examples" / "airport"
CLIENTS = 32
_EMOJIS = {
    "heliport": "🚁",
    "small_airport": "🛩️",
    "medium_airport": "✈️",
    "large_airport": "✈️",
    "seaplane_base": "⚓",
    "balloonport": "🎈",
    "unknown": "🚧",
}


def _module(name: str) -> ModuleType:
    """A file of the example, which is no package."""
    spec = importlib.util.spec_from_file_location(f"airport_{name}", EXAMPLE / "feed" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_file(path: Path, rows: int, seed: int = 1) -> Path:
    """A file of airports."""
    _module("generate").write(path, rows, seed)
    return path


@contextmanager
def feed(file: Path) -> Iterator[Mapping[str, str]]:
    """Serve the file on a free port; gives the settings that lead the function `fetch` there."""
    with _module("serve").server(file, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield {"APP_HTTPCLIENT_PROXY": f"http://127.0.0.1:{server.server_address[1]}"}
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class Expected:
    """Answers by local code, codes that must not be found, and how many records tell of no airport, the header among them."""

    airports: Mapping[str, Mapping[str, str]]
    unknown: frozenset[str]
    passed_over: int = 0

    @property
    def message(self) -> str:
        """What the log says when all of it is stored."""
        return f"Loaded {len(self.airports)} airports, passed over {self.passed_over} records"


def expected(file: Path) -> Expected:
    """Read the file as a user of the service would."""
    airports: dict[str, Mapping[str, str]] = {}
    codes = {"no such code", "phx", "' OR '1'='1", "x" * 65, "%", "_"}
    passed_over = 1
    with file.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            code = row["local_code"].strip()
            codes.add(code)
            if code and row["id"] != "id" and row["name"] and _is_country(row["iso_country"]):
                airports[code] = _answer(code, row)
            else:
                passed_over += 1
    return Expected(airports, frozenset(codes - airports.keys() - {""}), passed_over)


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isalpha()


def _answer(code: str, row: Mapping[str, str]) -> Mapping[str, str]:
    kind = "unknown" if row["type"] == "closed" else row["type"]
    status = "closed" if kind == "unknown" else "open" if kind in _EMOJIS else "unknown"
    return {
        "local_code": code,
        "name": row["name"],
        "country": row["iso_country"],
        "emoji": "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in row["iso_country"].upper()),
        "type": kind,
        "type_emoji": _EMOJIS.get(kind, "❓"),
        "status": status,
    }


def differences(port: int, wanted: Expected) -> list[str]:
    """Ask for every code of the file over connections that are kept; what is not answered as it must be."""
    return asyncio.run(_differences(port, wanted))


async def _differences(port: int, wanted: Expected) -> list[str]:
    codes = iter([*wanted.airports, *wanted.unknown])
    found: list[str] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for code in codes:
            answer = await _ask(reader, writer, code)
            if not _is_right(answer, wanted.airports.get(code)):
                found.append(f"{code!r}: {answer.code} {answer.body.decode()}")
        writer.close()
        await writer.wait_closed()

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(client())
    return found


def _is_right(answer: Answer, airport: Mapping[str, str] | None) -> bool:
    if airport is None:
        return answer.code == 404 and "error" in json.loads(answer.body)
    return answer.code == 200 and json.loads(answer.body) == airport


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, code: str) -> Answer:
    body = json.dumps({"local_code": code}).encode()
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    headers = dict(line.split(": ", 1) for line in lines if line)
    return Answer(int(status.split()[1]), await reader.readexactly(int(headers["Content-Length"])), headers)

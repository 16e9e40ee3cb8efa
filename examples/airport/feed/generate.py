"""Write a file of airports in OurAirports' format: real ones that the documents name, and made-up ones.

    python feed/generate.py airports.csv [--rows 70000] [--seed 1]

The same numbers give the same bytes. Among the rows is what such files have in the wild: quotes, commas and line breaks in
fields, any script, HTML, backslashes, missing codes and names, country codes that are none, local codes given twice.
"""

import argparse
import csv
import random
from collections.abc import Iterator
from pathlib import Path

ROWS = 70_000
HEADER = (
    "id", "ident", "type", "name", "latitude_deg", "longitude_deg", "elevation_ft", "continent", "iso_country", "iso_region",
    "municipality", "scheduled_service", "gps_code", "iata_code", "local_code", "home_link", "wikipedia_link", "keywords",
)  # fmt: skip
# Identifier, state, city, name; all are large and in the United States.
KNOWN = (
    ("PHX", "AZ", "Phoenix", "Phoenix Sky Harbor International Airport"),
    ("LAX", "CA", "Los Angeles", "Los Angeles International Airport"),
    ("JFK", "NY", "New York", "John F Kennedy International Airport"),
    ("ATL", "GA", "Atlanta", "Hartsfield Jackson Atlanta International Airport"),
)
# How often each is among a hundred; some are not in the format's description.
TYPES = {
    "small_airport": 46, "heliport": 24, "closed": 12, "medium_airport": 8, "seaplane_base": 4, "large_airport": 2,
    "balloonport": 1, "unknown": 1, "spaceport": 1, "": 1,
}  # fmt: skip
COUNTRIES = {"NA": "US CA MX", "SA": "BR AR CO", "EU": "DE FR NO", "AS": "JP CN IN", "OC": "AU NZ PG", "AF": "NG KE ZA"}
NO_COUNTRIES = ("", "U", "USA", "U1", "??", "Ä")
CITIES = (
    "Aarhus", "Bækkevold", "Château-d'Œx", "Düsseldorf", "Ísafjörður", "Kraków", "Łódź", "Málaga", "New Hope", "Ōsaka",
    "São Paulo", "Thị xã", "Αθήνα", "Владивосток", "القاهرة", "תל אביב", "北京", "東京", "서울", "กรุงเทพ", "🛩 Town",
)  # fmt: skip
NAMES = (
    "{} Airport", "{} Heliport", '{} "Old" Field', "{}, North", "{}\nSecond Line", "{} & Sons <b>Strip</b>", "O'{} Field",
    "{} \\ Field", "C:\\{}\\n", "{}'); DROP TABLE airports; --", "{} %s %d ? $1 :name", "  {}  ", '"{}"',
)  # fmt: skip
CODE_STARTS = ("", "", "", "US-", "é", "a b", "'", '"', "<&>", "\\", "机")


def rows(count: int, seed: int) -> Iterator[dict[str, str]]:
    """The known airports, then made-up ones until there are `count`."""
    for code, state, city, name in KNOWN[:count]:
        yield _row(f"K{code}", "large_airport", name, ("NA", "US", f"US-{state}", city), code)
    dice = random.Random(seed)  # noqa: S311 - repeats itself on purpose
    codes: list[str] = []
    for number in range(len(KNOWN), count):
        yield _flawed(dice, _made_up(dice, number, codes))


def _made_up(dice: random.Random, number: int, codes: list[str]) -> dict[str, str]:
    continent = dice.choice(list(COUNTRIES))
    country, city = dice.choice(COUNTRIES[continent].split()), dice.choice(CITIES)
    kind = dice.choices(list(TYPES), list(TYPES.values()))[0]
    name = f"{dice.choice(NAMES).format(city)} {number}"
    place = (continent, country, f"{country}-{number % 50}", city)
    return _row(f"XX-{number:05}", kind, name, place, _code(dice, number, codes))


def _code(dice: random.Random, number: int, codes: list[str]) -> str:
    """A new code, or in one of fifty cases one that was made up before."""
    if codes and dice.random() < 0.02:
        return dice.choice(codes)
    codes.append(f"{dice.choice(CODE_STARTS)}{number:X}")
    return codes[-1]


def _flawed(dice: random.Random, row: dict[str, str]) -> dict[str, str]:
    """Rarely with something that keeps the airport from being looked up."""
    flaw = dice.random()
    if flaw < 0.02:
        row["local_code"] = ""
    elif flaw < 0.03:
        row["name"] = ""
    elif flaw < 0.04:
        row["iso_country"] = dice.choice(NO_COUNTRIES)
    elif flaw < 0.041:
        row["id"] = "id"
    return row


def _row(ident: str, kind: str, name: str, place: tuple[str, str, str, str], code: str) -> dict[str, str]:
    continent, country, region, city = place
    number = sum(map(ord, ident))
    return {
        "id": str(number),
        "ident": ident,
        "type": kind,
        "name": name,
        "latitude_deg": f"{number % 180 - 90}.25",
        "longitude_deg": f"{number % 360 - 180}.5",
        "elevation_ft": str(number),
        "continent": continent,
        "iso_country": country,
        "iso_region": region,
        "municipality": city,
        "scheduled_service": "no",
        "gps_code": ident,
        "local_code": code,
        "home_link": f"https://airports.example/{ident}",
        "keywords": f"{city}, {code}",
    }


def write(path: Path, count: int = ROWS, seed: int = 1) -> None:
    """Write the file; others see it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        lines = csv.DictWriter(file, HEADER, lineterminator="\n")
        lines.writeheader()
        lines.writerows(rows(count, seed))
    unfinished.replace(path)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(options.path, options.rows, options.seed)


if __name__ == "__main__":
    main()

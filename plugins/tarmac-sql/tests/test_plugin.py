"""What core reads of the plugin."""

import subprocess
import sys

import pytest


def _loads(imported: str, unwanted: str) -> bool:
    program = f"import sys, {imported}; sys.exit({unwanted!r} in sys.modules)"
    return bool(
        subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
    )


@pytest.mark.parametrize("unwanted", ["sqlalchemy", "google.protobuf"])
def test_a_start_loads_neither_protobuf_nor_sqlalchemy(unwanted: str) -> None:
    assert not _loads("tarmac_sql.plugin, tarmac_sql.operations", unwanted)


def test_opening_a_database_does_not_load_the_object_mapper() -> None:
    assert not _loads("tarmac_sql.database", "sqlalchemy.orm")
    assert _loads("tarmac_sql.database", "sqlalchemy")

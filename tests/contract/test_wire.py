import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_generated_wire_code_is_what_its_sources_give() -> None:
    subprocess.run([sys.executable, ROOT / "sdk" / "proto" / "generate.py", "--check"], check=True)

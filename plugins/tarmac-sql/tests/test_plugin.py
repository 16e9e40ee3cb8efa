"""What core reads of the plugin."""

import subprocess
import sys


def test_the_plugin_loads_no_protobuf_and_no_sqlalchemy() -> None:
    program = (
        "import sys, tarmac_sql.plugin; sys.exit(any(m in sys.modules for m in ('sqlalchemy', 'google.protobuf')))"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

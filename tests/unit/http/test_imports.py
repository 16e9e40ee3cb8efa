import subprocess
import sys


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_an_endpoint_needs_no_tornado() -> None:
    assert "tornado" not in loaded_by("from tarmac_core.http import Endpoint, Probes, HttpSettings, make_endpoints")


def test_the_server_brings_tornado_but_none_of_its_applications() -> None:
    code = "from tarmac_core.http import Server; print('tornado.web' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", f"import sys; {code}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""The command `tarmac`: one file a command, imported when it is called, so that `--help` and start-up stay quick.

In: arguments. Out: an exit code: 0, 1 for what fails, 2 for wrong arguments or configuration. May import every room.

* `main`: the group; `serve` (the default), `invoke`, `check`: commands over `app`
* `config`: show and schema; `plugins`: list, check, new
* `options`: what several commands share; `report`: problems as the operator reads them
"""

from tarmac_core.cli.main import main

__all__ = ["main"]

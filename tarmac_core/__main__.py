"""`python -m tarmac_core` is the command `tarmac`."""

from tarmac_core.cli import main

if __name__ == "__main__":
    main(prog_name="tarmac")

"""Builds the WebAssembly guests of the tests and examples, and proves that the committed ones come from their sources.

`guests` lists them, `toolchains` finds, installs and runs compilers, one file each beside it, `manifest` keeps hashes,
`check` compares. Standard library only. `tests/guests/build.py` is its command line.
"""

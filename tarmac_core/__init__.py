"""Tarmac: runs WebAssembly functions and hands them capabilities through waPC.

Rooms, from the bottom: `plugin` (the contract), `config`, `registry` and `wapc` (siblings), `dispatch`, `http`,
`app` (composition root), `cli` and `testing`. A room imports only rooms below it.
"""

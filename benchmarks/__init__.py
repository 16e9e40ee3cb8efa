"""Reproducible measurements: `python -m benchmarks [NAME ...]`, or `make bench` for all of them.

Each module `bench_*.py` has a function `figures()` that measures and yields `Figure`s; what is compared runs in the same
process or in turns, so that ratios hold on a noisy machine.
"""

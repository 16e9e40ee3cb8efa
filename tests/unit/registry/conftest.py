"""Distributions on disk, for every test here."""

from tests.distributions import site

__all__ = ["site"]

"""Runs the manifest's `init` functions once, in order, before the server listens."""

from tarmac_trigger_init.plugin import InitError, InitPlugin, InitRoute

__all__ = ["InitError", "InitPlugin", "InitRoute"]

"""Lets guests call other functions of the manifest: the capability `function`, one operation for each `function` route."""

from tarmac_function.plugin import FunctionGrant, FunctionPlugin

__all__ = ["FunctionGrant", "FunctionPlugin"]

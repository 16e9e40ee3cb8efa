"""What holds on every store."""

MAX_KEY_BYTES = 32_768

MAX_TTL_MS = 100 * 365 * 24 * 3600 * 1000
"""A hundred years: longer times overflow the clocks of some stores."""

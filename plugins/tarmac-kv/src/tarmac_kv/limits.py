"""What holds on every store."""

MAX_KEY_BYTES = 32_768

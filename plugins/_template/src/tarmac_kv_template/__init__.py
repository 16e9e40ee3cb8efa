"""A key-value store for Tarmac. Entry point `kvstore.template`."""

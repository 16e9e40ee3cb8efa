"""A key-value store in the memory of its process: fast, and gone with it. Entry point `kvstore.memory`."""

"""The file of airports: `generate` makes one, `serve` serves it."""

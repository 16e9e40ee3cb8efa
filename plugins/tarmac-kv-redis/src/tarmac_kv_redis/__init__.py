"""The key-value store on Redis, one server or a primary found by Sentinel. Entry point `kvstore.redis`.

* `plugin` is what core reads at start, `settings` what can be set, `address` reads `host:port`
* `tls`, `connections` and `pool` make connections out of settings
* `store` is the backend, `scan` lists keys page by page
* `faults` puts failures into words, for the operator and for guests
"""
